import { summarize } from '../report/build.ts';
import type { CaseResult, Report } from '../report/schema.ts';

/** The code of a failure that was a skip. */
const NOT_ALLOWED = 'skip-not-allowed';

/**
 * A report in which what was skipped for want of one of `wanted` failed: of a feature, a library or
 * whatever the skip names word for word, or of every skip with such a code.
 */
export function failOnSkip(report: Report, wanted: readonly string[]): Report {
  if (wanted.length === 0) return report;
  const results = report.results.map((result) => judged(result, wanted));
  return { ...report, results, summary: summarize(results) };
}

function judged(result: CaseResult, wanted: readonly string[]): CaseResult {
  const { skip, ...rest } = result;
  if (result.status !== 'skip' || !skip) return result;
  const words = skip.detail.split(/[\s,;:]+/);
  const want = wanted.find((one) => one === skip.code || words.includes(one));
  if (want === undefined) return result;
  const message = `was skipped (${skip.code}: ${skip.detail}), which --fail-on-skip ${want} does not allow`;
  return { ...rest, status: 'fail', error: { code: NOT_ALLOWED, message } };
}
