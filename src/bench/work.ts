import type { Call } from '../graph/call.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';

/** Rows of one kind, over which a geometric mean is told. */
export type WorkGroup =
  | 'products'
  | 'transposed products'
  | '4-bit products'
  | 'attention'
  | 'convolution'
  | 'optimizers'
  | 'rows'
  | 'streams'
  | 'steps'
  | 'halves'
  | 'ops'
  | 'ceilings';

/** What is timed at one size, in words that every contender knows. */
interface Timed {
  /** `bench.<op>:<dtype>;name=value;...`, unique and stable. */
  readonly id: string;
  readonly group: WorkGroup;
  /** Whether `--quick` has it. */
  readonly quick: boolean;
  /** Floating-point operations of one call at least. */
  readonly flops: number;
  /** Bytes of one call at least: each operand read, and each result written, once. */
  readonly bytes: number;
}

/** A call of an op, forward or, where `grads` is there, forward and backward together. */
export interface OpWork extends Timed {
  readonly kind: 'op';
  /** Draws the operands; the same numbers for every contender. */
  readonly call: (random: Random) => Call<HostTensor>;
}

/** A training step of a model that each contender writes in its own words. */
export interface StepWork extends Timed {
  readonly kind: 'step';
  readonly step: StepOf;
  /** Start weights by name, inputs and labels. */
  readonly draw: (random: Random) => HostTensors;
}

/** The models of the training steps, with their sizes. */
export type StepOf =
  | {
      /** x [batch, inputs] -> relu(x w1^T + b1) w2^T + b2 -> cross-entropy; Adam. */
      readonly model: 'mlp';
      readonly batch: number;
      readonly inputs: number;
      readonly hidden: number;
      readonly classes: number;
    }
  | {
      /** Pre-norm blocks of causal attention and a GELU network, cross-entropy; Adam. */
      readonly model: 'transformer';
      readonly batch: number;
      readonly tokens: number;
      readonly width: number;
      readonly heads: number;
      readonly blocks: number;
      readonly vocabulary: number;
    }
  | {
      /** ResNet-18 for 32 x 32 images, batch norm in training mode; SGD with momentum. */
      readonly model: 'resnet18';
      readonly batch: number;
      readonly classes: number;
    }
  | {
      /** Llama with LoRA on q and v, base frozen; AdamW on the adapters. */
      readonly model: 'llama-lora';
      readonly batch: number;
      readonly tokens: number;
      readonly width: number;
      readonly layers: number;
      readonly heads: number;
      readonly vocabulary: number;
      readonly rank: number;
    };

export type Work = OpWork | StepWork;
