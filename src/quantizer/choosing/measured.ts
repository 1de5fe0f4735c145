import type { WholeChoice } from './schemes.ts';
import type { SquareSums } from './square-sums.ts';

/** What a scheme costs a layer. */
export interface Costs {
  /** Of the decoded weight. */
  readonly weight: SquareSums;
  /** Of its outputs on the activations, as this device multiplies. */
  readonly output: SquareSums;
  /** Of all parts, exactly. */
  readonly bytes: number;
  /** Of the weight. */
  readonly elements: number;
  /** Medians of a few warm repeats in milliseconds, to compare and not to quote: bench measures. */
  readonly quantizeMs: number;
  readonly multiplyMs: number;
}

/** Why a scheme does not do for a layer. */
export interface Refusal {
  readonly code: string;
  readonly why: string;
}

/** A layer by one scheme. */
export interface Measured {
  readonly layer: string;
  readonly scheme: WholeChoice;
  /** Of the whole measurement. */
  readonly tookMs: number;
  readonly result: Costs | Refusal;
}

/**
 * Why a layer stays in floats where its weights are saved by a scheme, as what a type of small range
 * does not hold would be saved as infinities; undefined where it is quantized.
 */
export function whyNotSaved({ scheme, result }: Measured): string | undefined {
  if ('why' in result) return result.why;
  return Number.isFinite(result.weight.off)
    ? undefined
    : `${scheme.method} decodes it to what is not finite`;
}

/** Whether a scheme did for a layer. */
export function hasCosts(measured: Measured): measured is Measured & { readonly result: Costs } {
  return 'bytes' in measured.result;
}
