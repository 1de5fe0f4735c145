import { groupBy } from './group.ts';
import { plainText } from './plain-text.ts';
import type { CaseResult } from './schema.ts';

/** Results that were skipped for one reason. */
export interface Skips {
  readonly code: string;
  readonly count: number;
  /** What it is that lacks, each once, in the words of who skipped: "torch is not installed". */
  readonly details: readonly string[];
}

/** Details that are told; a reason may name as many things as there are results. */
const MOST_DETAILS = 3;

/** The skipped ones among the results, by the code of their reason, in the order of the first. */
export function skipsOf(results: readonly CaseResult[]): readonly Skips[] {
  const skipped = results.flatMap(({ skip }) => (skip ? [skip] : []));
  return [...groupBy(skipped, ({ code }) => code)].map(([code, those]) => ({
    code,
    count: those.length,
    details: [...new Set(those.map(({ detail }) => firstClause(detail)))]
      .filter((detail) => detail !== '')
      .slice(0, MOST_DETAILS),
  }));
}

/** What lacks, without the advice after it. */
function firstClause(detail: string): string {
  return plainText(detail.replace(/; .*/s, ''), 100);
}

/** Reasons by code, of `what` lacks; others are named by the code. */
const REASONS: Readonly<Record<string, (what: string) => string>> = {
  'not-implemented': () => 'not implemented',
  unjudged: () => 'no element can be judged',
  'library-failed': () => 'the library refused the inputs',
  'missing-backend': () => 'the bridge has no such library on this device',
  'missing-library': (what) => what,
  'missing-device': (what) => what,
  'missing-feature': (what) => `the adapter lacks ${what}`,
};

/** "3 skipped: torch is not installed" */
export function skipWords({ code, count, details }: Skips): string {
  return `${count} skipped: ${REASONS[code]?.(details.join(', ')) || code}`;
}
