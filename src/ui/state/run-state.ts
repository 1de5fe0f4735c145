import type { PlanEntry, RunEvent } from '../../harness/events.ts';
import type { CaseResult, Environment, Report } from '../../harness/report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';

/** A run as the page shows it, from before the click to the report. */
export interface RunState {
  readonly phase: 'idle' | 'starting' | 'running' | 'stopping' | 'ended' | 'failed';
  /** What runs: the plan's cases, or recordings that were dropped on the page. */
  readonly subject: 'plan' | 'recordings';
  readonly environment?: Environment;
  readonly selected: readonly PlanEntry[];
  /** By `id backend`. One map for a whole run, which grows. */
  readonly results: ReadonlyMap<string, CaseResult>;
  /** What cases left to keep, by `id backend`. One map for a whole run, as of the results. */
  readonly files: ReadonlyMap<string, readonly OutputFile[]>;
  readonly running: ReadonlySet<string>;
  readonly done: number;
  readonly total: number;
  readonly remainingMs?: number;
  /** The case that hung the graphics process. */
  readonly hung?: string;
  readonly report?: Report;
  /** Why nothing could run. */
  readonly problem?: string;
}

/** Before the first run. */
export const IDLE: RunState = {
  phase: 'idle',
  subject: 'plan',
  selected: [],
  results: new Map(),
  files: new Map(),
  running: new Set(),
  done: 0,
  total: 0,
};

/** Key of a case among results. */
export function keyOf({ id, backend }: { readonly id: string; readonly backend: string }): string {
  return `${id} ${backend}`;
}

/** The state after `event`. Results and running cases are collected in place, so that a run of n cases costs n steps. */
export function afterEvent(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'start':
      return {
        ...state,
        phase: state.phase === 'stopping' ? 'stopping' : 'running',
        environment: event.environment,
        selected: event.selected,
        results: new Map(),
        files: new Map(),
        running: new Set(),
        total: event.selected.length,
      };
    case 'environment':
      return state;
    case 'case-start':
      (state.running as Set<string>).add(keyOf(event));
      return { ...state };
    case 'case-end': {
      (state.running as Set<string>).delete(keyOf(event.result));
      (state.results as Map<string, CaseResult>).set(keyOf(event.result), event.result);
      if (event.files.length > 0) (state.files as Map<string, readonly OutputFile[]>).set(keyOf(event.result), event.files);
      return { ...state, done: event.done, total: event.total, remainingMs: event.remainingMs };
    }
    case 'hang':
      return { ...state, hung: event.id };
    case 'end': {
      const { remainingMs: _, ...rest } = state;
      return { ...rest, phase: 'ended', running: new Set(), report: event.report };
    }
  }
}
