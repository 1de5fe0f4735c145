import type { CaseResult } from './schema.ts';

/**
 * What a result means for the run: `expected` failures do not fail it, a passing case whose control
 * stayed green does.
 */
export type Verdict = 'right' | 'wrong' | 'skipped' | 'expected';

/** Findings that the runner itself writes into results. */
export const FINDINGS = {
  /** A failure that an expectation foresees. */
  expected: 'expected-failure',
  /** A failure whose expectation has expired. */
  expired: 'expectation-expired',
  /** A pass where an expectation foresees a failure. */
  unexpectedPass: 'unexpected-pass',
  /** A pass after failures of its own. */
  flaky: 'flaky',
  /** The named fault did not turn the case red. */
  greenControl: 'control-green',
  /** The tab was hidden while the case ran. */
  hidden: 'tab-hidden',
} as const;

/** The verdict on one result. */
export function verdictOf({
  status,
  control,
  finding,
}: Pick<CaseResult, 'status' | 'control' | 'finding'>): Verdict {
  if (status === 'pass') return control?.status === 'green' ? 'wrong' : 'right';
  if (status === 'skip') return 'skipped';
  return finding?.code === FINDINGS.expected ? 'expected' : 'wrong';
}

/** Whether a result is of a file that was to be replayed and is no parity bundle. */
export function isUnreadable({ suite }: Pick<CaseResult, 'suite'>): boolean {
  return suite === 'parity.unreadable';
}

/** What is said when every file is. */
export const NOTHING_READABLE =
  'None of these files can be read as a recording (a parity bundle); each says why.';

/** How many results there are of every verdict. */
export function countVerdicts(results: readonly CaseResult[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { right: 0, wrong: 0, skipped: 0, expected: 0 };
  for (const result of results) counts[verdictOf(result)]++;
  return counts;
}
