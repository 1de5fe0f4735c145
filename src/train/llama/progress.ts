import type { OutputFile } from '../adapter-files.ts';
import type { RunWorkers } from '../sharded/strategies.ts';
import type { SavedModel } from './saved-model/save-model.ts';

/** What a step tells. */
export interface LlamaStep {
  /** From 1 on. */
  readonly step: number;
  /** Epochs that are behind it. */
  readonly epoch: number;
  /** Mean over the tokens that it asked for, in nats. */
  readonly loss: number;
  /** Of all gradients, before they were clipped; absent where their update was left out. */
  readonly gradNorm?: number;
  /** Absent in what older versions told under loss scaling. */
  readonly learningRate?: number;
  /** Tokens of its rows, and how many of a second since the step before. */
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** Of the whole step. Milliseconds. */
  readonly ms: number;
  /** Device memory in live tensors, and the most that there was so far. */
  readonly bytes: number;
  readonly peakBytes: number;
  /** The same most of each worker, in the order of their ranks, where several train together. */
  readonly peakBytesOfWorkers?: readonly number[];
  /** What went from host to device and back for it, of what lies on the host; absent where nothing does. */
  readonly transferredBytes?: number;
}

/** What a run tells before its first step. */
export interface LlamaStart {
  readonly steps: number;
  readonly trainable: number;
  readonly frozen: number;
  readonly trainingRows: number;
  readonly heldoutRows: number;
  /** Device memory that the run will need at its peak, from shapes. */
  readonly bytesForecast: number;
  /** Why no step is judged; absent where some are. */
  readonly unjudged?: string;
}

/** What a run keeps of what it told. Losses in nats a token. */
export type LlamaMilestone =
  | ({ readonly type: 'step' } & LlamaStep)
  | { readonly type: 'heldout'; readonly step: number; readonly loss: number }
  | { readonly type: 'judged'; readonly step: number; readonly boundUsed: number }
  | Happened;

/** What happened to a run; when in UTC, as `Date.toISOString` gives it. */
export type Happened = { readonly step: number; readonly at: string } & (
  | {
      /** It went on from a checkpoint after that many steps, or, after none, began anew. */
      readonly type: 'restored';
      /** The version that wrote the checkpoint; absent where it is the one that goes on. */
      readonly writtenBy?: string;
      /** Who made its steps before and after that; absent where they are the same, or were not told. */
      readonly workers?: { readonly was: RunWorkers; readonly are: RunWorkers };
    }
  /** After that step no checkpoint could be written, as first after others that could. */
  | { readonly type: 'checkpoint-failed'; readonly why: string }
  /** Where it computed is gone after that many steps: it goes on elsewhere. */
  | { readonly type: 'lost'; readonly why: string }
  /** Gradients of that step were not finite, first at this place: its update was left out. */
  | {
      readonly type: 'skipped';
      readonly tensor: string;
      readonly index: readonly number[];
      readonly count: number;
      /** What the loss was multiplied by; absent where it is not scaled. */
      readonly lossScale?: number;
    }
  /** In that step a fault was found: it went back to after `to` steps, and goes on slower. */
  | {
      readonly type: 'rolled-back';
      readonly to: number;
      readonly why: 'nonfinite' | 'exploded';
      /** The rate from there on, before its schedule. */
      readonly learningRate: number;
    }
  /** In that step a worker was lost: all of them went back to after `to` steps, with a new one. */
  | {
      readonly type: 'rank-lost';
      readonly to: number;
      readonly rank: number;
      /** What happened to it, in words. */
      readonly why: string;
    }
  /** In that step memory ran out: it went back to after `to` steps, with smaller micro-batches. */
  | {
      readonly type: 'halved';
      readonly to: number;
      readonly batchSize: number;
      readonly accumulation: number;
    }
);

/** Whether it is none of what every run tells. */
export const isHappened = (told: object): told is Happened => 'at' in told;

/** That where a run computed is gone. */
export type RunLoss = Extract<Happened, { readonly type: 'lost' }>;

/** What is known of a run that goes on by itself where another worker was lost. */
export interface RunInterruption {
  readonly lost: RunLoss;
  /** All that had happened to it before. */
  readonly happened: readonly Happened[];
  /** The step that it went on after at last, if it made no checkpoint since: later ones hold no more. */
  readonly latest?: number | undefined;
}

/** What a fine-tuning of a Llama tells while it runs. */
export type LlamaProgress =
  | Exclude<LlamaMilestone, { readonly type: 'restored' | 'rolled-back' | 'rank-lost' | 'halved' }>
  | {
      /** All that was told after that many steps holds no more: the history takes its place. */
      readonly type: 'resumed-from';
      readonly step: number;
      readonly history: readonly LlamaMilestone[];
      /** What is wrong with newer checkpoints, a line each. */
      readonly broken: readonly string[];
    }
  /**
   * A checkpoint was written. Milliseconds; `share` is what all of them took of the time since the run
   * began or went on.
   */
  | {
      readonly type: 'checkpoint';
      readonly step: number;
      readonly ms: number;
      readonly bytes: number;
      readonly share: number;
    }
  | ({ readonly type: 'start' } & LlamaStart)
  | { readonly type: 'loaded'; readonly bytes: number; readonly peakBytes: number }
  /** The run waits after that many steps, or goes on. */
  | { readonly type: 'paused' | 'resumed'; readonly step: number }
  /** The model itself is written: so many of its values are. */
  | { readonly type: 'writing'; readonly done: number; readonly of: number }
  /** It was written, as files of these names. */
  | ({ readonly type: 'written'; readonly files: readonly string[] } & SavedModel)
  /** What was trained, as soon as no more step is made. */
  | {
      readonly type: 'saved';
      readonly files: readonly OutputFile[];
      /** The digest of the model below; absent of a run without checkpoints. */
      readonly model?: string;
    }
  /** The last step is made, and the run waits for questions. */
  | { readonly type: 'talking'; readonly step: number };
