import type { RunEvent, RunListener } from '../../harness/events.ts';
import { run, UnusableError } from '../../harness/runner.ts';
import { keyOf } from '../../report/case-key.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import { readBundles } from '../bundles.ts';
import { planCases } from '../plan-cases.ts';
import { findNodeHost } from '../runtime/node.ts';
import type { CaseSnapshot, Snapshot } from './snapshot.ts';

type CaseEnd = Extract<RunEvent, { type: 'case-end' }>;

/**
 * Runs the full tier in Node and replays the bundles of `folder`. Throws UnusableError without an
 * adapter, or when the run was ended.
 */
export async function takeSnapshot(
  folder: string,
  listen: RunListener,
  signal: AbortSignal,
): Promise<Snapshot> {
  const { startWorker } = await findNodeHost();
  const ended: CaseEnd[] = [];
  const host = {
    cases: await planCases(),
    startWorker,
    replay: { bundles: await readBundles([folder]), alone: false },
    digestReads: true,
    signal,
  };
  const report = await run(host, { ...DEFAULT_RUN_OPTIONS, tier: 'full' }, (event) => {
    listen(event);
    if (event.type === 'case-end') ended.push(event);
  });
  if (!report.run.complete)
    throw new UnusableError('incomplete', 'the run ended before its last case: take it again');
  const isBundle = ({ result }: CaseEnd) => !host.cases.has(keyOf(result));
  return {
    schema: 'gradproof-snapshot/1',
    commit: report.tool.commit,
    takenAt: report.run.startedAt,
    runtime: runtimeOf(report),
    planHash: report.run.planHash,
    cases: byKey(ended.filter((end) => !isBundle(end))),
    bundles: byKey(ended.filter(isBundle)),
  };
}

function byKey(ended: readonly CaseEnd[]): Record<string, CaseSnapshot> {
  const entries = ended.map((end) => [keyOf(end.result), snapshotOf(end)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function snapshotOf({ result, readDigest }: CaseEnd): CaseSnapshot {
  const code = codeOf(result);
  return {
    status: result.status,
    ...(code === undefined ? {} : { code }),
    kernels: result.kernels,
    ...(readDigest === undefined ? {} : { reads: readDigest }),
  };
}

/** Code of what a report says beside the status. */
export function codeOf({ error, skip, finding }: CaseResult): string | undefined {
  return error?.code ?? skip?.code ?? finding?.code;
}

/** Every environment in which cases ran, without what is measured. */
function runtimeOf({ environments }: Report): string {
  const name = ({ runtime, runtimeVersion, os, adapter }: Environment) =>
    [runtime, runtimeVersion, os, adapter.vendor, adapter.architecture, adapter.description]
      .filter(Boolean)
      .join(' ');
  return [...new Set(environments.map(name))].sort().join('; ');
}
