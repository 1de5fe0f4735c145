import type { TrainingEvent } from '../../harness/training.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import type { TrainingPoint, TrainingState } from './training-state.ts';

/** Whether a run that does this can wait before its next step. */
export function canPause(doing: TrainingPhase | undefined): boolean {
  return doing === 'preparing' || doing === 'learning';
}

/** The state after `event`. Steps are collected in place, so that a run of n steps costs n. */
export function afterTrainingEvent(state: TrainingState, event: TrainingEvent): TrainingState {
  switch (event.type) {
    case 'start':
      return {
        ...state,
        phase: state.phase === 'starting' ? 'running' : state.phase,
        start: event,
        losses: [],
      };
    case 'heldout':
      return { ...state, heldout: [...state.heldout, { step: event.step, loss: event.loss }] };
    case 'sample':
      return { ...state, prompt: event.prompt, [event.when]: event.text };
    case 'step':
      (state.losses as TrainingPoint[]).push({
        step: event.step,
        loss: event.loss,
        msPerStep: event.lapMs,
        bytes: event.bytes,
      });
      return {
        ...state,
        ...(event.medianMs === undefined ? {} : { msPerStep: event.medianMs }),
        peakBytes: event.peakBytes,
        remainingMs: event.remainingMs,
      };
    case 'paused':
      // A run that went on before the worker was told of the pause is not shown as paused.
      return state.phase === 'pausing' ? { ...state, phase: 'paused' } : state;
    case 'resumed':
      return state.phase === 'paused' ? { ...state, phase: 'running' } : state;
    case 'judged':
      return {
        ...state,
        judged: [...state.judged, { step: event.step, boundUsed: event.boundUsed }],
      };
    case 'phase':
      return {
        ...state,
        // After the last step there is nothing more to wait with.
        phase: state.phase === 'pausing' && !canPause(event.phase) ? 'running' : state.phase,
        doing: event.phase,
        skippable: event.skippable,
      };
    case 'environment':
    case 'end':
      return state;
  }
}
