import type { OutputFile } from '../../train/adapter-files.ts';
import type { TrainingProgress } from '../../train/progress.ts';
import type { WorkerBundle } from '../parity.ts';
import type { CaseResult, Environment } from '../report/schema.ts';

/** Asks a worker to fine-tune. */
export interface TrainMessage {
  readonly type: 'train';
  /** The text as bytes. */
  readonly text: Uint8Array<ArrayBuffer>;
  readonly steps: number;
  readonly seed: number;
}

/** Asks a worker to run cases with changed kernels. */
export interface MutantMessage {
  readonly type: 'mutant';
  /** The whole linked text of each changed kernel, by its path in shaders/ without extension. */
  readonly kernels: readonly { readonly file: string; readonly code: string }[];
  readonly cases: readonly { readonly id: string; readonly backend: string }[];
  readonly seed: number;
  /** End at the first case that does not pass. */
  readonly untilRed: boolean;
}

/** What became of the cases that ran, in order. */
export interface MutantReply {
  readonly type: 'mutant-done';
  readonly outcomes: readonly CaseOutcome[];
  /** Why a kernel is no WGSL; no case ran then. */
  readonly invalid?: string;
}

/** What the runner tells a worker. */
export type ToWorker =
  | TrainMessage
  | MutantMessage
  | { readonly type: 'start' }
  | {
      readonly type: 'case';
      readonly id: string;
      readonly backend: string;
      readonly seed: number;
      readonly control: boolean;
      /** The parity bundle that the case replays; it is in no registry. */
      readonly bundle?: WorkerBundle;
    };

/** A case's result without what only the runner knows. */
export type CaseOutcome = Omit<CaseResult, 'env' | 'attempts'>;

/** What a worker answers. */
export type FromWorker =
  | { readonly type: 'ready'; readonly environment: Environment }
  | { readonly type: 'unusable'; readonly code: string; readonly message: string }
  | { readonly type: 'done'; readonly outcome: CaseOutcome; readonly files: readonly OutputFile[]; readonly deviceLost: boolean }
  | MutantReply
  | { readonly type: 'training'; readonly progress: TrainingProgress }
  | { readonly type: 'trained'; readonly outcome: CaseOutcome; readonly files: readonly OutputFile[] };

/** Why a worker went away by itself: `worker-threw` an error that nothing caught, or `worker-died`. */
export interface Death {
  readonly code: 'worker-threw' | 'worker-died';
  readonly reason: string;
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
