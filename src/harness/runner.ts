import type { Case } from '../testing/suite.ts';
import type { RunListener, RunOptions } from './events.ts';
import { planHash, planText } from './plan.ts';
import type { RunIdentity } from './report/build.ts';
import type { Report } from './report/schema.ts';
import { Run } from './runner/run.ts';
import { type Replay, selectAll } from './runner/selection.ts';
import type { WorkerLink } from './worker/messages.ts';

export { EmptySelectionError } from './runner/selection.ts';
export { UnusableError } from './runner/unusable.ts';

/** What the runner needs from where it runs. */
export interface RunnerHost {
  readonly cases: ReadonlyMap<string, Case>;
  /** Bundles to replay next to the selected cases, or instead of them. */
  readonly replay?: Replay;
  readonly startWorker: () => WorkerLink;
  /** Called when a case outlives its limit and a new worker is needed; headless, it crashes the GPU process that all workers share. */
  readonly onHang?: (id: string) => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Runs the selected cases over a pool of workers, each with a device of its own, and returns the report. A worker that dies or
 * outlives a case's limit costs that case and is replaced; when no device can be had any more, the rest is `lost`. When `signal` aborts,
 * the report is partial and `complete` is false. Throws EmptySelectionError, FormatError about a bundle that was named directly, or
 * UnusableError when no worker gets a device.
 */
export async function run(host: RunnerHost, options: RunOptions, listen: RunListener): Promise<Report> {
  const selected = selectAll(host.cases.values(), host.replay, options);
  const identity: RunIdentity = { kind: 'run', startedAt: new Date(), options, planHash: await planHash(planText(host.cases.values())) };
  return new Run(host, options, listen, selected, identity).execute();
}
