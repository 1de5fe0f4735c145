import type { PlanEntry, RunEvent } from '../../harness/events.ts';
import type { Live } from '../../harness/live.ts';
import type { Recordings } from '../../harness/recordings.ts';
import { keyOf } from '../../report/case-key.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { Span } from './pace.ts';

/** A run as the page shows it, from before the click to the report. */
export interface RunState {
  readonly phase: 'idle' | 'starting' | 'running' | 'stopping' | 'ended' | 'failed';
  /** What runs: the plan's cases, or recordings that were dropped on the page. */
  readonly subject: 'plan' | 'recordings';
  readonly environment?: Environment;
  readonly selected: readonly PlanEntry[];
  /** The report whose cases run again, in whose place the new results come. */
  readonly first?: Report;
  /** By `id backend`. One map for a whole run, which grows. */
  readonly results: ReadonlyMap<string, CaseResult>;
  /** What cases left to keep, by `id backend`. One map for a whole run, as of the results. */
  readonly files: ReadonlyMap<string, readonly OutputFile[]>;
  readonly running: ReadonlySet<string>;
  /** What is still to come. One set for a whole run, which shrinks. */
  readonly waiting: ReadonlySet<string>;
  readonly done: number;
  readonly total: number;
  /** How long it will yet take. */
  readonly remaining?: Span;
  /** What is known of the recordings that are replayed. */
  readonly recordings: Recordings;
  /** Devices behind the bridge that compute too. */
  readonly live?: Live;
  /** The case that hung the graphics process. */
  readonly hung?: string;
  readonly report?: Report;
  /** Why nothing could run, or run again. */
  readonly problem?: string;
}

/** Before the first run. */
export const IDLE: RunState = {
  phase: 'idle',
  subject: 'plan',
  selected: [],
  results: new Map(),
  files: new Map(),
  recordings: new Map(),
  running: new Set(),
  waiting: new Set(),
  done: 0,
  total: 0,
};

/**
 * The state after `event`. Results and running cases are collected in place, so that a run of n
 * cases costs n steps.
 */
export function afterEvent(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'start':
      return started(state, event);
    case 'environment':
    case 'case-failed':
      return state;
    case 'case-start':
      (state.running as Set<string>).add(keyOf(event));
      return { ...state };
    case 'case-end': {
      const key = keyOf(event.result);
      (state.running as Set<string>).delete(key);
      (state.waiting as Set<string>).delete(key);
      (state.results as Map<string, CaseResult>).set(key, event.result);
      if (event.files.length > 0)
        (state.files as Map<string, readonly OutputFile[]>).set(key, event.files);
      return { ...state, done: event.done, total: event.total };
    }
    case 'hang':
      return { ...state, hung: event.id };
    case 'end': {
      const { remaining: _, first: __, ...rest } = state;
      // What is known of failures is in the report's results alone.
      const results = new Map(event.report.results.map((result) => [keyOf(result), result]));
      return {
        ...rest,
        phase: 'ended',
        running: new Set(),
        waiting: new Set(),
        results,
        report: event.report,
      };
    }
  }
}

function started(
  state: RunState,
  { environment, selected }: Extract<RunEvent, { type: 'start' }>,
): RunState {
  const again = {
    environment,
    running: new Set<string>(),
    waiting: new Set(selected.map(keyOf)),
    total: selected.length,
  };
  const phase = state.phase === 'stopping' ? 'stopping' : 'running';
  // What runs again stands as it stood until it has ended.
  if (state.first) return { ...state, ...again, phase };
  return { ...state, ...again, phase, selected, results: new Map(), files: new Map() };
}
