import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { OutputFolder, OutputPlace } from '../../formats/output-folder.ts';
import type { Case } from '../../testing/suite.ts';
import type { CheckpointFolder } from '../../train/checkpoint/checkpoint-folder.ts';
import type { RuntimeDescription } from './environment.ts';
import type { FromWorker, RankJob } from './messages.ts';

/** What differs between a Web Worker and a child process of Node. */
export interface WorkerHost {
  readonly loadCases: () => Promise<ReadonlyMap<string, Case>>;
  readonly gpu: GPU | undefined;
  readonly describe: () => RuntimeDescription;
  /** Opens a folder where this host can read it; throws FolderPlaceError where it cannot. */
  readonly openFolder: (place: FolderPlace) => Promise<ModelFolder>;
  /** The folder that a model is saved in: see `TuneMessage.save`. */
  readonly outputFolder: (place: OutputPlace) => OutputFolder;
  /** Starts a rank of a fine-tuning beside this worker. */
  readonly startRank: (job: RankJob) => void;
  /** Where a run keeps its checkpoints: see `TuneMessage.checkpoints`. */
  readonly checkpointFolder: (place: OutputPlace) => CheckpointFolder;
  readonly post: (message: FromWorker) => void;
}
