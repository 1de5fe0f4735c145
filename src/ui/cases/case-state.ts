import type { CaseResult, Status } from '../../report/schema.ts';

/** How a case stands: its status, or that it runs, waits, or is in no run. */
export type CaseState = Status | 'running' | 'waiting' | 'not-run';

/** From what needs a person's eyes to what needs none. */
export const CASE_STATES = [
  'fail',
  'error',
  'timeout',
  'lost',
  'running',
  'waiting',
  'pass',
  'skip',
  'not-run',
] as const satisfies readonly CaseState[];

/** What is known of the cases of a run. */
export interface Progress {
  readonly results: ReadonlyMap<string, CaseResult>;
  readonly running: ReadonlySet<string>;
  /** The cases that are still to come, by key. */
  readonly waiting: ReadonlySet<string>;
}

/** How the case of a key stands. What runs again stands as it stood until it has ended. */
export function caseStateOf(key: string, { results, running, waiting }: Progress): CaseState {
  if (running.has(key)) return 'running';
  return results.get(key)?.status ?? (waiting.has(key) ? 'waiting' : 'not-run');
}

/** Whether something is wrong with a case, or kept it from being judged. */
export function isWrong(caseState: CaseState): boolean {
  return (
    caseState === 'fail' || caseState === 'error' || caseState === 'timeout' || caseState === 'lost'
  );
}
