import type { BenchEvent } from '../../bench/host.ts';
import type { CaseResult, Report } from '../../report/schema.ts';

/** A bench as the page shows it, from before the click to the report. */
export interface BenchState {
  readonly phase: 'idle' | 'starting' | 'running' | 'stopping' | 'ended' | 'failed';
  readonly done: number;
  readonly total: number;
  /** The work that is timed now. */
  readonly id?: string;
  readonly remainingMs?: number | undefined;
  /** Of the works that are done. */
  readonly results: readonly CaseResult[];
  readonly report?: Report;
  /** The file that the report is of; undefined for one of this page. */
  readonly file?: File;
  /** Why nothing could be timed, or not all. */
  readonly problem?: string;
}

/** Before the first bench. */
export const UNTIMED: BenchState = { phase: 'idle', done: 0, total: 0, results: [] };

/** The state after `event`. */
export function afterBenchEvent(state: BenchState, event: BenchEvent): BenchState {
  const phase = state.phase === 'stopping' ? 'stopping' : 'running';
  switch (event.type) {
    case 'start':
      return { ...state, phase, done: 0, total: event.total };
    case 'work': {
      const { id, done, total, remainingMs } = event;
      return { ...state, phase, id, done, total, remainingMs };
    }
    case 'results': {
      const more = event.results.map((result) => ({ ...result, env: 0, attempts: 1 }));
      return { ...state, done: state.done + 1, results: [...state.results, ...more] };
    }
    case 'end':
      return event.problem === undefined ? state : { ...state, problem: event.problem };
    case 'opened':
      return state;
  }
}
