import type { TuningRow } from '../../gpu/tuning.ts';
import type { Case } from '../../testing/suite.ts';
import type { Unfinished } from '../events.ts';
import type { Live } from '../live.ts';
import type { WorkerLink } from '../worker/messages.ts';
import type { Replay } from './selection.ts';

/** The one GPU process behind all workers of a browser. */
export interface SharedGpu {
  /** Ends a hang by crashing the process. Without it only a person can, by reloading the page. */
  readonly crash?: (id: string) => Promise<void>;
}

/** What the runner needs from where it runs. */
export interface RunnerHost {
  readonly cases: ReadonlyMap<string, Case>;
  /** Bundles to replay next to the selected cases, or instead of them. */
  readonly replay?: Replay;
  /** Devices behind a bridge on which the same cases run too, or instead. */
  readonly live?: Live;
  readonly startWorker: () => WorkerLink;
  /** Rows by which variants are chosen, before those that are checked in. Default none. */
  readonly tuned?: readonly TuningRow[];
  /** Starts a worker with a GPU process of its own, which takes longer and costs memory. */
  readonly startWithOwnGpu?: () => WorkerLink;
  /**
   * Whether the adapter is a fallback one, where that is known before a worker has started: those with
   * a GPU process of their own then start together with the first.
   */
  readonly hasFallbackAdapter?: () => boolean;
  /**
   * Set where the workers share a GPU process; where each has its own, as in Node, what befalls a
   * worker is its own doing.
   */
  readonly sharedGpu?: SharedGpu;
  /** Whether events tell what a report does not hold. */
  readonly details?: boolean;
  /** Events tell a digest of all that each case read back. */
  readonly digestReads?: boolean;
  /** Whether the page is hidden just now, so that the browser slows it down. */
  readonly isHidden?: () => boolean;
  /** A run that a hang ended, to go on with. */
  readonly resume?: Unfinished;
  readonly signal?: AbortSignal;
}
