import type { TuningRow } from '../../gpu/tuning.ts';
import type { RunOptions } from '../../report/run-options.ts';
import type { Report } from '../../report/schema.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import type { RunEvent, Unfinished } from '../events.ts';
import type { Live } from '../live.ts';
import type { Replay } from '../runner/selection.ts';
import type { TrainingEvent, TrainingOutcome, TrainingRequest } from '../training.ts';
import type { Death, FromWorker, ToWorker } from '../worker/messages.ts';
import type { Outcome } from './outcome.ts';

/** What to run. */
export interface RunRequest {
  readonly options: RunOptions;
  readonly replay?: Replay;
  /** Rows by which variants are chosen, before those that are checked in. Default none. */
  readonly tuned?: readonly TuningRow[];
  /** Devices behind a bridge. */
  readonly live?: Live;
  /** A run to go on with, whose tab died. */
  readonly resume?: Unfinished;
}

/** What a worker in another browser says, or that it is no more. */
export type Heard =
  | { readonly type: 'message'; readonly message: FromWorker }
  | { readonly type: 'death'; readonly death: Death };

/** What the headless page offers to the process that drives the browser. */
export interface HeadlessPage {
  /** Vendor and architecture of the adapter, or why there is none. */
  adapter(): Promise<Outcome<string>>;
  run(request: RunRequest): Promise<Outcome<Report>>;
  train(request: TrainingRequest): Promise<Outcome<TrainingOutcome>>;
  /** Leaves out the rest of a phase of the training that is going on. */
  skip(phase: TrainingPhase): void;
  /** Ends what is going on; its outcome is then partial. */
  cancel(): void;
  /** Tells the runner what its worker `id` in another browser says. */
  hear(id: number, heard: Heard): void;
  /**
   * Gives a message to this page's worker for a runner in another browser, started with the first.
   */
  work(message: ToWorker): void;
}

/** What that process offers to the page. */
export interface HeadlessDriver {
  readonly emitRun: (event: RunEvent) => Promise<void>;
  readonly emitTraining: (event: TrainingEvent) => Promise<void>;
  /** Crashes the GPU process, which ends a hang. */
  readonly crashGpu: () => Promise<void>;
  /** Gives a message to worker `id` in a browser of its own, started with the first. */
  readonly postElsewhere: (id: number, message: ToWorker) => Promise<void>;
  /** Ends that worker with its browser. */
  readonly endElsewhere: (id: number) => Promise<void>;
  /** What this page's worker says to a runner in another browser. */
  readonly emitHeard: (heard: Heard) => Promise<void>;
}
