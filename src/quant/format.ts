import type { Shape } from '../tensor/shape.ts';
import type { Packing } from './packing/within-bytes.ts';

/**
 * A number format of quantized weights: a code stands for a value of a table, times a scale that
 * several elements share.
 */
export interface Format {
  /** Its name in parameters and in state dicts. */
  readonly name: string;
  /** What each code stands for, before the scale: float32 values, exact as written. */
  readonly values: ArrayLike<number>;
  /** The code of an exact zero, which also fills what is left of a last byte. */
  readonly zeroCode: number;
  readonly packing: Packing;
  /** What the vocabulary calls the parts of a weight. */
  readonly parts: { readonly codes: string; readonly scales: string };
  /**
   * Numbers of consecutive elements that may share a scale; absent where all elements share one.
   */
  readonly blockSizes?: readonly number[];
  /** How a value is rounded to a code, where a list of thresholds says it. */
  readonly rounding?: Thresholds;
  /** The place of its table in kernels that hold the tables of several formats. */
  readonly table?: number;
  /** Ops of the vocabulary that are the generic ones bound to this format. */
  readonly ops: {
    readonly quantize: string;
    readonly dequantize?: string;
    /** y = x W^T of a weight W [out, in]: inputs are x and its parts. */
    readonly multiply?: {
      readonly op: string;
      readonly params: (weight: Layout) => Readonly<Record<string, unknown>>;
    };
  };
}

/** Properties of a weight that its parts do not show. */
export interface Layout {
  /** Consecutive elements that share a scale; absent where all do. */
  readonly blocksize?: number | undefined;
  readonly shape: Shape;
}

/**
 * Rounding by thresholds: a value takes the code whose place is the number of thresholds below it.
 */
export interface Thresholds {
  /** Codes in ascending order of what they stand for. */
  readonly ascending: readonly number[];
  /**
   * Threshold i lies between the i-th and the next code, and a value equal to it takes the lower
   * one. Exact float32 values.
   */
  readonly thresholds: readonly number[];
  /**
   * How far the thresholds of the library's own kernels differ from each other; absent where they
   * agree.
   */
  readonly spread?: number;
}

/**
 * A {@link Format} whose codes are found by thresholds, relative to the largest absolute value of a
 * block.
 */
export type BlockFormat = Format & Required<Pick<Format, 'blockSizes' | 'rounding'>>;
