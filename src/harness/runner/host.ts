import type { Case } from '../../testing/suite.ts';
import type { WorkerLink } from '../worker/messages.ts';
import type { Replay } from './selection.ts';

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
