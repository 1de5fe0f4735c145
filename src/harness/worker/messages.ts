import type { BridgeLink } from '../../backends/bridge.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import type { OutputPlace } from '../../formats/output-folder.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import type { Shader } from '../../gpu/shader.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { Measured } from '../../quantizer/choosing/measured.ts';
import type { WholeChoice } from '../../quantizer/choosing/schemes.ts';
import type { StoredLayer } from '../../quantizer/choosing/stored.ts';
import type { WeightSource } from '../../quantizer/choosing/weight-source.ts';
import type { Examination } from '../../reference/examination.ts';
import type { CaseResult, Environment } from '../../report/schema.ts';
import type { HostTensor } from '../../tensor/host.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { RunSubject } from '../../train/checkpoint/run-checkpoint.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import type { RunStart } from '../../train/llama/llama-training.ts';
import type { LlamaProgress, RunInterruption } from '../../train/llama/progress.ts';
import type { AnswerPart, Question } from '../../train/llama/question.ts';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import type { WorkersChoice } from '../../train/llama/sharding-faults.ts';
import type { TrainingPhase, TrainingProgress } from '../../train/progress.ts';
import type { TrainingSettings } from '../../train/settings.ts';
import type { GroupPlace } from '../../train/sharded/process-group.ts';
import type { ShardingStrategy } from '../../train/sharded/strategies.ts';
import type { WorkerBundle } from '../parity.ts';

/** Asks a worker for a device, or for another in place of one that was lost. */
export interface StartMessage {
  readonly type: 'start';
  /** Rows that come before those that are checked in, on every device from now on. Default none. */
  readonly tuned?: readonly TuningRow[];
}

/** Asks a worker to fine-tune. */
export interface TrainMessage {
  readonly type: 'train';
  /** The text as bytes. */
  readonly text: Uint8Array<ArrayBuffer>;
  readonly steps: number;
  readonly seed: number;
  /** How parameters are updated. Default that of DEFAULT_TRAINING. */
  readonly settings?: TrainingSettings;
  /** Leave a trace of the dispatches, too. Default false. */
  readonly profile?: boolean;
}

/** Asks a worker to fine-tune the model of a folder. */
export interface TuneMessage {
  readonly type: 'tune';
  readonly folder: FolderPlace;
  /** What ids call the model, and what a saved adapter calls it. */
  readonly name: string;
  readonly base: string;
  readonly texts: readonly LabelledTokens[];
  readonly config: LlamaTrainingConfig;
  /** That the texts come to; with 0 of them what was trained is merged as it is. */
  readonly steps: number;
  /** Values of what was trained before, to go on from. */
  readonly saved?: ReadonlyMap<string, HostTensor>;
  /** Workers that train together, this one among them. Default it does alone. */
  readonly sharding?: WorkersChoice;
  /** The form in which the model itself is saved, and the folder. Default it is not. */
  readonly save?: { readonly form: ModelFormName; readonly place: OutputPlace };
  /** With 0 steps, the digest that the model must have. Default any. */
  readonly trainedOn?: RunSubject['model'];
  /**
   * Given, the model can be asked, and waits so long for a question after the last step, or the one
   * at which it is stopped, each time anew. Milliseconds.
   */
  readonly talkMs?: number;
  /** Leave a trace of the dispatches, too. Default false. */
  readonly profile?: boolean;
  /** How checkpoints are made. Default none is. */
  readonly checkpoints?: TuneCheckpoints | undefined;
}

/** How a run makes checkpoints, and whether it goes on from one. */
export interface TuneCheckpoints {
  readonly place: OutputPlace;
  /** Of the last ones, beside the best. Default 2. */
  readonly keep?: number | undefined;
  /** Steps between two. Default by time, steps and cost. */
  readonly every?: number | undefined;
  /** Go on from the newest; without one the run begins. */
  readonly resume: boolean;
  /** What ended the run before, where it goes on by itself. */
  readonly interruption?: RunInterruption | undefined;
  /** What the run is of, where that was found already. Default it is found by reading all weights. */
  readonly subject?: RunSubject | undefined;
}

/** What a rank but the first one is given of a fine-tuning, and where it begins. */
export interface RankJob
  extends Pick<TuneMessage, 'folder' | 'texts' | 'config' | 'saved'>,
    RunStart {
  readonly place: GroupPlace;
  readonly strategy: ShardingStrategy;
  readonly tuned: readonly TuningRow[];
}

/** Asks the model that a worker fine-tunes. */
interface AskMessage {
  readonly type: 'ask';
  /** Names the question in its answers. */
  readonly id: number;
  readonly question: Question;
}

/** Tells a worker that no more of an answer is wanted. */
interface DropMessage {
  readonly type: 'drop';
  readonly id: number;
}

/** Tells a worker that no more questions come. */
interface CloseMessage {
  readonly type: 'close';
}

/** Tells a worker that fine-tunes a folder to end after the step that it makes. */
interface StopMessage {
  readonly type: 'stop';
}

/** Tells a worker that fine-tunes to wait before its next step, or to go on. */
interface PauseMessage {
  readonly type: 'pause';
  readonly paused: boolean;
}

/** Tells a worker that fine-tunes to leave out the rest of a phase. */
interface SkipMessage {
  readonly type: 'skip';
  readonly phase: TrainingPhase;
}

/** What is told to a training that can be asked. */
export type QuestionMessage = AskMessage | DropMessage | CloseMessage;

/** What is told to a training while it goes on. */
export type SteeringMessage = StopMessage | PauseMessage | SkipMessage | QuestionMessage;

/** Asks a worker to quantize a weight by one scheme after another. */
export interface QuantizeMessage {
  readonly type: 'quantize';
  readonly source: WeightSource;
  readonly schemes: readonly WholeChoice[];
  /** Answer with the parts too. */
  readonly save: boolean;
}

/** Asks a worker to run cases with changed kernels. */
export interface MutantMessage {
  readonly type: 'mutant';
  /** The whole linked text of each changed kernel, by its path in shaders/ without extension. */
  readonly kernels: readonly Shader[];
  readonly cases: readonly { readonly id: string; readonly backend: string }[];
  readonly seed: number;
  /** End at the first red case. */
  readonly untilRed: boolean;
  /** In a build with host mutants, the one that is on; -1 is none. */
  readonly host?: number;
  /** Run each case that passes with its named fault too, which must turn it red. */
  readonly controls?: boolean;
}

/** What became of the cases that ran, in order. */
export interface MutantReply {
  readonly type: 'mutant-done';
  readonly outcomes: readonly CaseOutcome[];
  /** Why a kernel is no WGSL; no case ran then. */
  readonly invalid?: string;
  /** Of each case the host mutants whose places it evaluated. */
  readonly reached?: readonly (readonly number[])[];
  /** Those that were evaluated before the first case, as modules and cases were loaded. */
  readonly reachedBefore?: readonly number[];
}

/** Asks a worker to run a case. */
export interface CaseMessage {
  readonly type: 'case';
  readonly id: string;
  readonly backend: string;
  readonly seed: number;
  readonly control: boolean;
  /** Answer with what a report does not hold, too. */
  readonly details?: boolean;
  /** Answer with a digest of all that the case read back. */
  readonly digestReads?: boolean;
  /** The parity bundle that the case replays; it is in no registry. */
  readonly bundle?: WorkerBundle;
  /** The device behind a bridge that computes; its cases are in no registry either. */
  readonly link?: BridgeLink;
}

/** What the runner tells a worker. */
export type ToWorker =
  | TrainMessage
  | TuneMessage
  | SteeringMessage
  | QuantizeMessage
  | MutantMessage
  | CaseMessage
  | StartMessage;

/** What a case shows beyond its report. */
export interface CaseDetails {
  /** Every tensor that was judged, in order. */
  readonly examined: readonly Examination[];
  /**
   * The kernels that it dispatched, each with the values of its `override` constants in every
   * pipeline that was made of it.
   */
  readonly pipelines: Readonly<Record<string, readonly Constants[]>>;
}

/** A case's result without what only the runner knows. */
export type CaseOutcome = Omit<CaseResult, 'env' | 'attempts'>;

/** What a worker answers. */
export type FromWorker =
  | { readonly type: 'ready'; readonly environment: Environment }
  | { readonly type: 'unusable'; readonly code: string; readonly message: string }
  | {
      readonly type: 'done';
      readonly outcome: CaseOutcome;
      readonly files: readonly OutputFile[];
      readonly deviceLost: boolean;
      readonly details?: CaseDetails;
      readonly readDigest?: string;
    }
  | MutantReply
  | {
      /** What became of one scheme. */
      readonly type: 'quantized';
      readonly measured: Measured;
      readonly stored?: StoredLayer;
    }
  | { readonly type: 'training'; readonly progress: TrainingProgress | LlamaProgress }
  | { readonly type: 'answer'; readonly id: number; readonly part: AnswerPart }
  | {
      readonly type: 'trained';
      readonly outcome: CaseOutcome;
      readonly files: readonly OutputFile[];
    };

/**
 * Why a worker went away by itself: `worker-threw` an error that nothing caught, or `worker-died`.
 */
export interface Death {
  readonly code: 'worker-threw' | 'worker-died';
  readonly reason: string;
  /**
   * A user or the system ended it, whatever it did. What is not told so may have been ended from
   * outside all the same.
   */
  readonly fromOutside?: true;
}

/** One worker, wherever it lives: a Web Worker of the page or a child process of Node. */
export interface WorkerLink {
  post(message: ToWorker): void;
  /** Called for every message, in order. */
  onMessage(listener: (message: FromWorker) => void): void;
  /** Called once when the worker died by itself. */
  onDeath(listener: (death: Death) => void): void;
  terminate(): void;
}
