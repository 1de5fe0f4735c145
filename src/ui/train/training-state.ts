import type { TrainingEvent, TrainingOutcome } from '../../harness/training.ts';
import type { Report } from '../../report/schema.ts';
import type { TrainingPhase } from '../../train/progress.ts';

/** A point of a loss curve: after so many steps, in nats per byte. */
export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

/** A step as it was told. */
export interface TrainingPoint extends LossPoint {
  /** A step's share of the steps that were timed together; undefined where none were. */
  readonly msPerStep: number | undefined;
  /** Device memory in live tensors. */
  readonly bytes: number;
}

/** A fine-tuning run as the page shows it. */
export interface TrainingState {
  readonly phase:
    | 'idle'
    | 'starting'
    | 'running'
    | 'pausing'
    | 'paused'
    | 'stopping'
    | 'ended'
    | 'failed';
  /** What the run does, and whether the rest of that can be skipped. */
  readonly doing?: TrainingPhase;
  readonly skippable?: boolean;
  readonly start?: Extract<TrainingEvent, { type: 'start' }>;
  /** One list for a whole run, which grows. */
  readonly losses: readonly TrainingPoint[];
  readonly heldout: readonly LossPoint[];
  readonly before?: string;
  readonly after?: string;
  readonly prompt?: string;
  /** The median so far. */
  readonly msPerStep?: number;
  /** The most device memory in live tensors so far. */
  readonly peakBytes?: number;
  readonly remainingMs?: number;
  /** Steps whose every number was judged, with the largest share of its bound. */
  readonly judged: readonly { readonly step: number; readonly boundUsed: number }[];
  readonly report?: Report;
  readonly files: TrainingOutcome['files'];
  readonly problem?: string;
}

/** Before a training run. */
export const UNTRAINED: TrainingState = {
  phase: 'idle',
  losses: [],
  heldout: [],
  judged: [],
  files: [],
};

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
