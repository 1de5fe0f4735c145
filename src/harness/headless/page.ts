import type { TuningRow } from '../../gpu/tuning.ts';
import type { PageEquipment } from '../../report/equipment.ts';
import type { ReportHead } from '../../report/head.ts';
import type { RunOptions } from '../../report/run-options.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import type { Unfinished } from '../events.ts';
import type { Live } from '../live.ts';
import type { Replay } from '../runner/selection.ts';
import type { TrainingOutcome, TrainingRequest } from '../training.ts';
import type { TELL_DRIVER, ToDriver, ToPage } from './line.ts';
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

/** What the headless page offers to the process that drives the browser. */
export interface HeadlessPage {
  /** Vendor and architecture of the adapter, or why there is none. */
  adapter(): Promise<Outcome<string>>;
  equipment(): Promise<PageEquipment>;
  /** Its results are told as they come, and not at the end again: thousands take a second. */
  run(request: RunRequest): Promise<Outcome<ReportHead>>;
  train(request: TrainingRequest): Promise<Outcome<TrainingOutcome>>;
  /**
   * Fine-tunes the model of a folder; takes the TuningRequest as a text, as it may hold maps. What
   * it saves is told, and the outcome has other files alone.
   */
  tune(request: string): Promise<Outcome<TrainingOutcome>>;
  /** Leaves out the rest of a phase of the training that is going on. */
  skip(phase: TrainingPhase): void;
  /** Ends what is going on; its outcome is then partial. */
  cancel(): void;
  /** Takes a message as the text of {@link ToPage}. */
  tell(text: string): void;
}

/** What that process offers to the page. */
export interface HeadlessDriver {
  /** Crashes the GPU process, which ends a hang. */
  readonly crashGpu: () => Promise<void>;
  /** Takes a message as the text of {@link ToDriver}. */
  readonly [TELL_DRIVER]: (text: string) => void;
}
