import type { Call } from '../graph/call.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';

/** Rows of one kind, over which a geometric mean is told. */
export type WorkGroup =
  | 'products'
  | 'transposed products'
  | 'odd products'
  | '4-bit products'
  | 'products by format'
  | 'attention'
  | 'convolution'
  | 'optimizers'
  | 'rows'
  | 'streams'
  | 'steps'
  | 'halves'
  | 'fine-tuning'
  | 'generation'
  | 'checkpoints'
  | 'growth'
  | 'ops'
  | 'ceilings';

/** What is timed at one size, in words that every contender knows. */
interface WorkFacts {
  /** `bench.<op>:<dtype>;name=value;...`, unique and stable. */
  readonly id: string;
  readonly group: WorkGroup;
  /** `name=value` of the works of the group that have a mean of their own, too. Default none. */
  readonly subgroup?: string;
  /**
   * Id of the same work in float32, where this one has codes or halves: a report tells how many
   * times as long this one takes. Default none.
   */
  readonly inFloats?: string;
  /** Whether `--quick` has it. */
  readonly quick: boolean;
  /** Floating-point operations of one call at least. */
  readonly flops: number;
  /** Bytes of one call at least: each operand read, and each result written, once. */
  readonly bytes: { readonly read: number; readonly written: number };
  /** Tokens that one call reads; a report tells how many a second. Default none. */
  readonly tokens?: number;
  /** Of our engine alone: no peer is asked. Default false. */
  readonly isOurs?: boolean;
  /** Takes a processor so long that an adapter which is one is not asked. Default false. */
  readonly isLarge?: boolean;
  /** What it writes lies over what it reads, as an optimizer changes its state. Default false. */
  readonly isInPlace?: boolean;
  /** Series of sizes that it is of, over which the exponent of the time is told. Default none. */
  readonly growth?: readonly Growth[];
}

/** The place of a work in a series of sizes. */
export interface Growth {
  /** What grows. */
  readonly of: string;
  readonly size: number;
}

/** A call of an op, forward or, where `grads` is there, forward and backward together. */
export interface OpWork extends WorkFacts {
  readonly kind: 'op';
  /** Name of the op in the vocabulary. */
  readonly op: string;
  /** Draws the operands: see {@link drawnCall}, which draws the same for every contender. */
  readonly call: (random: Random) => Call<HostTensor>;
  /**
   * So many rows of the operands that decide a result row by row, and of it, are judged where the oracle of
   * all would take minutes; see {@link someRows}. Default all.
   */
  readonly judgedRows?: number;
  /**
   * Codes of 4 bits that it looks up and stores as floats, by which it is bound and not by its
   * streams alone. Default none.
   */
  readonly lookUps?: number;
  /** The processor computes it, without a kernel: no device bounds it. Default false. */
  readonly isOnHost?: boolean;
}

/** A training step of a model that each contender writes in its own words. */
export interface StepWork extends WorkFacts {
  readonly kind: 'step';
  readonly step: StepOf;
  /**
   * Start weights by name, inputs and labels, the same for every step: see {@link drawnTensors},
   * which draws the same for every contender.
   */
  readonly draw: (random: Random) => HostTensors;
  /** First steps whose losses are judged. Default 3; a large model's forward pass takes the oracle long. */
  readonly judgedSteps?: number;
  /** A run from the start weights that must end with a lower loss, in so many bytes at most. */
  readonly run?: StepsHeld;
  /**
   * In the place of the step what keeps its state: a checkpoint made as a file, or one read, checked
   * and gone on from. No disk is written. The losses that are judged are of steps with both between.
   */
  readonly timed?: 'checkpoint' | 'resume';
}

/** What a run of steps is held to. */
export interface StepsHeld {
  readonly steps: number;
  /** Of weights, moments and what a step allocates, at once. */
  readonly peakBytes: number;
}

/** Tokens that a Llama with adapters reads to tell the next, behind those of its cache. */
export interface GenerationWork extends WorkFacts {
  readonly kind: 'generation';
  readonly step: LlamaStep;
  /** All `step.tokens` of a text, or its last one behind the others, as each that is written. */
  readonly part: 'prompt' | 'token';
  /** Weights by name and ids, as those of a step. */
  readonly draw: (random: Random) => HostTensors;
}

/**
 * A ceiling of the device by itself: what a kernel reaches that does nothing else, or what a
 * command costs.
 */
export interface CeilingWork extends WorkFacts {
  readonly kind: 'ceiling';
  readonly ceiling: CeilingOf;
}

/** What a ceiling is of; `commands` are told for each of so many. */
export type CeilingOf =
  | 'multiply-adds'
  | 'kernel-copy'
  | 'buffer-copy'
  | 'look-ups'
  | 'dispatch'
  | 'pass'
  | 'submit'
  | 'readback'
  | 'step-calls';

/**
 * The models of the training steps, with their sizes. Linears are y = x W^T + b with W [out, in].
 */
export type StepOf =
  | {
      /**
       * x [batch, inputs] -> fc1 -> relu -> fc2 -> mean cross-entropy with labels [batch]. Adam
       * with a rate of 1e-3.
       */
      readonly model: 'mlp';
      readonly batch: number;
      readonly inputs: number;
      readonly hidden: number;
      readonly classes: number;
    }
  | {
      /**
       * ids [batch, tokens] -> embeddings + positions -> blocks -> norm -> head, without a bias ->
       * mean cross-entropy with labels [batch * tokens]. A block: x + o(attention(q, k, v of
       * norm1(x))), causal, then x + down(gelu(up(norm2(x)))), with the tanh form of GELU; layer
       * norms with eps 1e-5; `up` is 4 times as wide. Adam with a rate of 1e-3.
       */
      readonly model: 'transformer';
      readonly batch: number;
      readonly tokens: number;
      readonly width: number;
      readonly heads: number;
      readonly blocks: number;
      readonly vocabulary: number;
      /** Products and what stands between them are stored in halves. Default float32. */
      readonly storage?: 'f16';
    }
  | {
      /**
       * torchvision's resnet18 with a first convolution of 3 x 3, stride 1, and no pooling behind
       * it, on x [batch, 3, 32, 32]; batch norms by the batch's own statistics, eps 1e-5. SGD with
       * a rate of 0.01 and momentum 0.9.
       */
      readonly model: 'resnet18';
      readonly batch: number;
      readonly classes: number;
    }
  | {
      /**
       * transformers' LlamaForCausalLM with as many heads of keys as of queries, rms_norm_eps 1e-6,
       * theta 10000, a head of its own; ids and labels [batch, tokens], where the loss of a position
       * is that of the label after it, and the last has none. LoRA with alpha = 2 r, base frozen, in
       * blocks of 64 where it is in codes. AdamW on the adapters with a rate of 1e-3 and weight decay 0.01.
       */
      readonly model: 'llama-lora';
      readonly batch: number;
      readonly tokens: number;
      readonly width: number;
      readonly intermediate: number;
      readonly layers: number;
      readonly heads: number;
      readonly vocabulary: number;
      readonly rank: number;
      /** Linears with an adapter. Default q_proj and v_proj. */
      readonly adapted?: 'all-linear';
      /** How the linears of the base lie in memory, embeddings and head apart. Default float32. */
      readonly base?: 'nf4';
    };

/** What is fine-tuned with adapters. */
export type LlamaStep = Extract<StepOf, { readonly model: 'llama-lora' }>;

export type Work = OpWork | StepWork | GenerationWork | CeilingWork;
