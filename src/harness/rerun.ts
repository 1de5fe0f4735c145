import { isBridgeName } from '../backends/bridge/name.ts';
import { identityOf, sortResults, summarize } from '../report/build.ts';
import { keyOf } from '../report/case-key.ts';
import { joinRows, MergeError } from '../report/merge.ts';
import type { Report } from '../report/schema.ts';
import { validateReport } from '../report/validate.ts';
import { verdictOf } from '../report/verdict.ts';

/** The ids of the plan's cases that did not pass, or whose control stayed green; every id once. */
export function failedIds({ results }: Report): readonly string[] {
  const planned = results.filter(({ backend }) => !isBridgeName(backend));
  const failed = planned.filter(
    (result) => verdictOf(result) !== 'right' && verdictOf(result) !== 'skipped',
  );
  return [...new Set(failed.map(({ id }) => id))];
}

/**
 * Throws {@link MergeError} when a report is not of the plan with this hash, so that its cases
 * cannot be run again.
 */
export function assertSamePlan({ run }: Report, planHash: string): void {
  if (run.planHash === planHash) return;
  throw new MergeError(
    'different-plan',
    `--last-failed: ${run.id} is of another plan than this build: run without it once`,
  );
}

/**
 * The first report with the results of `rerun` in the place of its own; what was not run again
 * stays as it was. Throws {@link MergeError} when the reports are of different plans.
 */
export function mergeRerun(first: Report, rerun: Report): Report {
  assertSamePlan(first, rerun.run.planHash);
  const again = new Map(rerun.results.map((result) => [keyOf(result), result]));
  const kept = first.results.filter((result) => !again.has(keyOf(result)));
  const moved = rerun.results.map((result) => ({
    ...result,
    env: result.env + first.environments.length,
  }));
  const results = sortResults([...kept, ...moved]);
  const merged: Report = {
    ...first,
    ...joinRows([first, rerun]),
    run: { ...first.run, durationMs: first.run.durationMs + rerun.run.durationMs },
    environments: [...first.environments, ...rerun.environments],
    summary: summarize(results),
    results,
  };
  return validateReport(withoutRepeats(merged), 'the merged report');
}

/** Every environment once. */
function withoutRepeats(report: Report): Report {
  const texts = report.environments.map(identityOf);
  const places = [...new Set(texts)];
  return {
    ...report,
    environments: report.environments.filter((_, i) => texts.indexOf(texts[i] ?? '') === i),
    results: report.results.map((result) => ({
      ...result,
      env: places.indexOf(texts[result.env] ?? ''),
    })),
  };
}
