import { GradproofError } from '../errors.ts';
import type { CaseResult, Report } from './report/schema.ts';
import type { RunnerHost } from './runner.ts';

/** Settings of a fine-tuning run. Every default is in DEFAULT_TRAINING of src/train/config.ts. */
export interface TrainingRequest {
  /** The text to learn, as bytes; the last tenth is held out. */
  readonly text: Uint8Array<ArrayBuffer>;
  readonly steps: number;
  readonly seed: number;
}

/** What a training run emits; page and command line show it live. */
export type TrainingEvent =
  | {
      readonly type: 'start';
      readonly steps: number;
      readonly textBytes: number;
      readonly trainable: number;
      readonly frozen: number;
      readonly unigram: number;
      readonly bytesForecast: number;
    }
  | { readonly type: 'heldout'; readonly step: number; readonly loss: number }
  | { readonly type: 'sample'; readonly when: 'before' | 'after'; readonly prompt: string; readonly text: string }
  | { readonly type: 'step'; readonly step: number; readonly loss: number; readonly msPerStep: number; readonly remainingMs: number }
  /** A hundredth step was judged against the float64 oracle. */
  | { readonly type: 'judged'; readonly step: number; readonly boundUsed: number }
  | { readonly type: 'end'; readonly result: CaseResult };

/** A finished run: its report of kind `train`, and the files to save (adapter_model.safetensors, adapter_config.json). */
export interface TrainingOutcome {
  readonly report: Report;
  readonly files: readonly { readonly name: string; readonly data: Uint8Array<ArrayBuffer> }[];
}

export type TrainingListener = (event: TrainingEvent) => void;

/**
 * Fine-tunes in a worker of its own and returns the report and the files. The report's one result is `fail` when the loss does not
 * fall as it must or a judged step is wrong. When `signal` aborts, the worker ends at once and the report is partial
 * (`complete: false`, no files). Throws TextTooShortError for a text under 4 KiB, UnusableError when there is no device.
 */
export async function train(
  _host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  _request: TrainingRequest,
  _listen: TrainingListener,
  _signal?: AbortSignal,
): Promise<TrainingOutcome> {
  throw new GradproofError('not-implemented', 'this version cannot train yet');
}
