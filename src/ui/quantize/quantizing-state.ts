import type { Measured } from '../../quantizer/choosing/measured.ts';
import type { Report } from '../../report/schema.ts';

/** A measurement of quantizers as the page shows it, from before the click to the report. */
export interface QuantizingState {
  readonly phase: 'idle' | 'starting' | 'running' | 'ended' | 'failed';
  readonly done: number;
  readonly total: number;
  /** Milliseconds to go, if the rest takes as long as what is done. */
  readonly remainingMs?: number;
  readonly measured: readonly Measured[];
  readonly report?: Report;
  /** Why nothing could be measured. */
  readonly problem?: string;
}

/** Before the first measurement. */
export const UNMEASURED: QuantizingState = { phase: 'idle', done: 0, total: 0, measured: [] };
