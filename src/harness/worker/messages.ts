import type { WorkerBundle } from '../parity.ts';
import type { CaseResult, Environment } from '../report/schema.ts';

/** What the runner tells a worker. */
export type ToWorker =
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
  | { readonly type: 'done'; readonly outcome: CaseOutcome; readonly deviceLost: boolean };

/** One worker, wherever it lives: a Web Worker of the page or a child process of Node. */
export interface WorkerLink {
  post(message: ToWorker): void;
  /** Called for every message, in order. */
  onMessage(listener: (message: FromWorker) => void): void;
  /** Called once when the worker died by itself. */
  onDeath(listener: (reason: string) => void): void;
  terminate(): void;
}
