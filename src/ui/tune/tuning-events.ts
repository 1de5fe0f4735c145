import { type LogRow, logRow, logRowsOf } from '../../harness/tuning/log.ts';
import type { TuningEvent } from '../../harness/tuning.ts';
import type { LlamaStep } from '../../train/llama/progress.ts';
import type { TuningState } from './tuning-state.ts';

/** The pace is the mean of so many steps, without the first one: kernels are compiled in it. */
const PACE_STEPS = 20;

/** The state after `event`. Steps are collected in place, so that a run of n steps costs n. */
export function afterTuningEvent(state: TuningState, event: TuningEvent): TuningState {
  const row = logRow(event);
  if (row) (state.log as LogRow[]).push(row);
  switch (event.type) {
    case 'environment':
      return { ...state, slow: event.environment.adapter?.isFallback === true };
    case 'start':
      return {
        ...state,
        phase: state.phase === 'starting' ? 'running' : state.phase,
        start: event,
        answers: true,
      };
    case 'step': {
      const { type: _, ...step } = event;
      (state.steps as LlamaStep[]).push(step);
      const remainingMs = remaining(state.steps, state.start?.steps ?? step.step);
      return { ...state, ...(remainingMs === undefined ? {} : { remainingMs }) };
    }
    case 'heldout':
      return { ...state, heldout: [...state.heldout, { step: event.step, loss: event.loss }] };
    case 'judged':
      return {
        ...state,
        judged: [...state.judged, { step: event.step, boundUsed: event.boundUsed }],
      };
    case 'resumed-from':
      return {
        ...state,
        log: [...logRowsOf(event.history)],
        steps: event.history.filter((one) => one.type === 'step'),
        heldout: event.history.filter((one) => one.type === 'heldout'),
        judged: event.history.filter((one) => one.type === 'judged'),
      };
    case 'paused':
      // A run that went on before the worker was told of the pause is not shown as paused.
      return state.phase === 'pausing' ? { ...state, phase: 'paused' } : state;
    case 'resumed':
      return state.phase === 'paused' ? { ...state, phase: 'running' } : state;
    case 'saved':
      // The run is over; its report follows when the talk with its model has ended.
      return { ...state, phase: 'ended', files: event.files };
    case 'talking':
    case 'loaded':
    case 'checkpoint':
    case 'checkpoint-failed':
    case 'lost':
    case 'written':
    case 'end':
      return state;
  }
}

/** What the steps that are left take, as the last ones did; undefined before there is a pace. */
function remaining(steps: readonly LlamaStep[], total: number): number | undefined {
  const paced = steps.slice(1).slice(-PACE_STEPS);
  if (paced.length === 0) return undefined;
  const mean = paced.reduce((sum, { ms }) => sum + ms, 0) / paced.length;
  return mean * (total - (steps.at(-1)?.step ?? 0));
}
