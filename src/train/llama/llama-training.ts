import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { Llama } from '../../models/llama/llama.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import type { CheckpointKeeper, FoundCheckpoint } from '../checkpoint/checkpoint-keeper.ts';
import type { RunSubject } from '../checkpoint/run-checkpoint.ts';
import type { Gate } from '../gate.ts';
import type { StepJudge } from '../loop/training-loop.ts';
import type { Sharding } from '../sharded/sharded-update.ts';
import type { StepProfile } from '../step-profile.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import type { LlamaMilestone, RunInterruption } from './progress.ts';
import type { Asker } from './talk.ts';

/** A model, the texts, and how it is trained. */
export interface LlamaTraining {
  readonly folder: ModelFolder;
  /** What the folder's config.json says. */
  readonly model: ModelConfig;
  readonly texts: readonly LabelledTokens[];
  readonly config: LlamaTrainingConfig;
  /** Values of an adapter to go on from. Default it is drawn. */
  readonly saved?: ReadonlyMap<string, HostTensor> | undefined;
  /** Ranks that train it together, all with the same of the rest; the first one holds texts out. */
  readonly sharding?: Sharding | undefined;
  /** In the place of `sharding` at the first rank: starts the others, each time that the run begins. */
  readonly startRanks?: ((start: RunStart) => Sharding) | undefined;
  /** A checkpoint of the same run to go on from. Default it begins. */
  readonly from?: FoundCheckpoint | undefined;
  /** What ended the run before, after which it goes on from there, or begins anew. */
  readonly interruption?: RunInterruption | undefined;
  /** What it is of. Default it is found, by reading all weights, where checkpoints are of it. */
  readonly subject?: RunSubject | undefined;
  /** What the run told before it goes on. Default what the checkpoint says. */
  readonly told?: readonly LlamaMilestone[] | undefined;
}

/** Where ranks begin. */
export type RunStart = Required<Pick<LlamaTraining, 'from' | 'told'>>;

/** What watches a run. */
export interface LlamaObserver {
  /** Looks at all that a judged step computed; returns the largest share of a bound used. */
  readonly judge: (step: number, applications: Parameters<StepJudge>[0]) => Promise<number>;
  /** Whether the run is to end after the step that is made. Default never. */
  readonly stopped?: () => boolean;
  /** Closed, it lets the run wait before its next step. Default always open. */
  readonly gate?: Gate | undefined;
  /** Asks the model between two steps, while the run waits, and after the last. Default no one. */
  readonly asker?: Asker | undefined;
  /** Times what the steps dispatch. */
  readonly profile?: StepProfile | undefined;
  /** Makes checkpoints when they are due, and after the last step. Default none is made. */
  readonly keeper?: CheckpointKeeper | undefined;
  /** Is given the model when no more step is made. */
  readonly finish?: ((model: Llama) => Promise<void>) | undefined;
  /** Given what the run leaves after that, before the last questions. */
  readonly tuned?: (tuned: LlamaTuned) => void;
}

/** What a run leaves. */
export interface LlamaTuned {
  /** All that was trained: adapters, named `<module>.lora_A` and so on, or weights. */
  readonly trained: HostTensors;
  /** Steps that were made: fewer than were asked for where the run was stopped. */
  readonly steps: number;
  readonly isStopped: boolean;
  readonly heldoutBefore?: number;
  readonly heldoutAfter?: number;
  readonly judgedSteps: number;
  readonly peakBytes: number;
  /** Digest of the folder's model; absent of a run without checkpoints. */
  readonly model?: RunSubject['model'];
}
