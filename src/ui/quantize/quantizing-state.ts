import type { Measured } from '../../quantizer/choosing/measured.ts';
import type { Report } from '../../report/schema.ts';

/** A measurement of quantizers as the page shows it, from before the click to the report. */
export interface QuantizingState {
  readonly phase: 'idle' | 'starting' | 'running' | 'ended' | 'saving' | 'failed';
  /** Measurements; while weights are saved, layers. */
  readonly done: number;
  readonly total: number;
  /** Milliseconds to go, if the rest takes as long as what is done. */
  readonly remainingMs?: number;
  readonly measured: readonly Measured[];
  readonly report?: Report;
  /** Why nothing could be measured. */
  readonly problem?: string;
  /** What came of the last saving. */
  readonly saved?: Saved;
}

/** What came of saving weights: a file, or why there is none. */
export type Saved =
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly bytes: number;
      /** Layers that were quantized, and all of them. */
      readonly quantized: number;
      readonly layers: number;
      /** Why the first of the others is not. */
      readonly why?: string;
    }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly problem: string };

/** Before the first measurement. */
export const UNMEASURED: QuantizingState = { phase: 'idle', done: 0, total: 0, measured: [] };
