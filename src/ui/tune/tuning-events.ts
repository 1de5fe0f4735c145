import { type LogRow, logRow, logRowsOf } from '../../harness/tuning/log.ts';
import type { TuningEvent } from '../../harness/tuning.ts';
import type { LlamaMilestone, LlamaStep } from '../../train/llama/progress.ts';
import { PROFILE_FILE } from '../../train/step-profile.ts';
import { type Happening, happeningOf } from './happening.ts';
import type { Sending } from './sent-log.ts';
import type { TuningState } from './tuning-state.ts';

/** The pace is the mean of so many steps, without the first one: kernels are compiled in it. */
const PACE_STEPS = 20;

/** The state after `event`. Steps are collected in place, so that a run of n steps costs n. */
export function afterTuningEvent(
  state: TuningState,
  event: TuningEvent,
  now = new Date(),
): TuningState {
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
        happened: [
          ...state.happened,
          ...event.history.flatMap(happening).filter(isNewTo(state.happened)),
          ...event.broken.map((message) => leftOut(event.step, now, message)),
        ],
      };
    case 'skipped':
    case 'lost':
    case 'checkpoint-failed':
      return { ...state, happened: [...state.happened, happeningOf(event)] };
    case 'checkpoint': {
      const { type: kind, ...checkpoint } = event;
      const kept: Happening = { kind, at: now, ...checkpoint };
      return { ...state, happened: [...state.happened, kept] };
    }
    case 'paused':
      // A run that went on before the worker was told of the pause is not shown as paused.
      return state.phase === 'pausing' ? { ...state, phase: 'paused' } : state;
    case 'resumed':
      return state.phase === 'paused' ? { ...state, phase: 'running' } : state;
    case 'saved':
      // The run is over; its report follows when the talk with its model has ended.
      return {
        ...{ ...state, phase: 'ended', ...leftFiles(event.files) },
        ...(event.model === undefined ? {} : { trainedOn: event.model }),
      };
    case 'talking':
    case 'loaded':
    case 'writing':
    case 'written':
    case 'end':
      return state;
  }
}

/** The state once it is known where the log is; a sink that is lost stands in the run's history. */
export function afterSending(state: TuningState, sending: Sending, now = new Date()): TuningState {
  if (sending.lost === undefined) return { ...state, sending };
  const step = state.steps.at(-1)?.step ?? 0;
  const lost: Happening = { kind: 'sinkLost', step, at: now, message: sending.lost };
  return { ...state, sending, happened: [...state.happened, lost] };
}

/** What a run left: what was trained, and the trace apart from it. */
export function leftFiles(all: TuningState['files']): Pick<TuningState, 'files' | 'trace'> {
  const trace = all.find(({ name }) => name === PROFILE_FILE);
  return { files: all.filter((file) => file !== trace), ...(trace ? { trace } : {}) };
}

const leftOut = (step: number, at: Date, message: string): Happening => ({
  kind: 'leftOut',
  ...{ step, at, message },
});

/** Whether it is not there yet: a run that goes on twice in one tab tells all of it each time. */
const isNewTo = (happened: readonly Happening[]) => {
  const keyOf = ({ kind, at }: Happening) => `${kind} ${at.getTime()}`;
  const known = new Set(happened.map(keyOf));
  return (one: Happening) => !known.has(keyOf(one));
};

const happening = (one: LlamaMilestone): readonly Happening[] =>
  'at' in one ? [happeningOf(one)] : [];

/** What the steps that are left take, as the last ones did; undefined before there is a pace. */
function remaining(steps: readonly LlamaStep[], total: number): number | undefined {
  const paced = steps.slice(1).slice(-PACE_STEPS);
  if (paced.length === 0) return undefined;
  const mean = paced.reduce((sum, { ms }) => sum + ms, 0) / paced.length;
  return mean * (total - (steps.at(-1)?.step ?? 0));
}
