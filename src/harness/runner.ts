import { buildReport, type RunIdentity } from '../report/build.ts';
import { planHash, planText } from '../report/plan.ts';
import { withRows } from '../report/rows.ts';
import type { RunOptions } from '../report/run-options.ts';
import type { Report } from '../report/schema.ts';
import type { RunListener } from './events.ts';
import type { RunnerHost } from './runner/host.ts';
import { Run } from './runner/run.ts';
import { selectAll } from './runner/selection.ts';

export type { RunnerHost } from './runner/host.ts';
export { EmptySelectionError } from './runner/selection.ts';
export { UnusableError } from './runner/unusable.ts';

/**
 * Runs the selected cases over a pool of workers, each with a device of its own, and returns the
 * report. A worker that dies or outlives a case's limit costs that case and is replaced; when no
 * device can be had any more, the rest is `lost`. When `signal` aborts, the report is partial and
 * `complete` is false. Throws EmptySelectionError, FormatError about a bundle that was named
 * directly, or UnusableError when no worker gets a device.
 */
export async function run(
  host: RunnerHost,
  options: RunOptions,
  listen: RunListener,
): Promise<Report> {
  const selected = selectAll(host.cases.values(), host.replay, options, host.live);
  const identity = await identityOf(host, options);
  return withRows(await new Run(host, options, listen, selected, identity).execute());
}

/** The report of a run that was cancelled before it had a worker: no results, not complete. */
export async function unstarted(
  host: Pick<RunnerHost, 'cases'>,
  options: RunOptions,
): Promise<Report> {
  return buildReport(await identityOf(host, options), [], [], false);
}

async function identityOf(
  { cases }: Pick<RunnerHost, 'cases'>,
  options: RunOptions,
): Promise<RunIdentity> {
  return {
    kind: 'run',
    startedAt: new Date(),
    options,
    planHash: await planHash(planText(cases.values())),
  };
}
