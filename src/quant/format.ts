import type { Shape } from '../tensor/shape.ts';
import type { Packing } from './packing/packing.ts';

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
  /** How many consecutive elements share a scale; absent where all do. */
  readonly blocks?: Blocks;
  /** Ops of the vocabulary that are the generic ones bound to this format. */
  readonly ops: {
    readonly quantize: string;
    readonly dequantize?: string;
    /** y = x W^T of a weight W [out, in]: inputs are x and its parts. */
    readonly multiply?: {
      readonly op: string;
      readonly params: (weight: Layout) => Readonly<Record<string, unknown>>;
    };
    /** Whether parity bundles hold `quantize`. */
    readonly inBundles: boolean;
  };
}

/** Numbers of elements that may share a scale: a choice with its default, or those of a row. */
export type Blocks = { readonly sizes: readonly number[]; readonly usual: number } | 'row';

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
 * A {@link Format} whose codes are found by thresholds, relative to the scale of a block: its
 * largest absolute value. Kernels are linked with its WGSL, `src/quant/<name>/<name>.wesl`.
 */
export interface BlockFormat extends Format {
  readonly parts: { readonly codes: 'packed'; readonly scales: 'absmax' };
  readonly blocks: Blocks;
  /** How scales are stored: codes are relative to a scale as it is after rounding. */
  readonly scales: 'f32' | 'f16' | 'bf16';
  readonly rounding: Thresholds;
  readonly ops: Required<Format['ops']>;
}

/**
 * Names of the ops of a {@link BlockFormat}; several formats may share them, and the parameter
 * `quant_type` tells which is meant.
 */
export interface BlockOps {
  readonly quantize: string;
  readonly dequantize: string;
  readonly multiply: string;
  readonly inBundles?: boolean;
}

/** Makes a format whose codes are relative to the largest absolute value of a block. */
export function blockFormat(
  format: Omit<BlockFormat, 'parts' | 'ops'> & { readonly ops: BlockOps },
): BlockFormat {
  const { ops, ...rest } = format;
  const { quantize, dequantize, multiply, inBundles = false } = ops;
  const params = ({ blocksize, shape: [out_features, in_features] }: Layout) => ({
    quant_type: format.name,
    blocksize,
    out_features,
    in_features,
  });
  return {
    parts: { codes: 'packed', scales: 'absmax' },
    ops: { quantize, dequantize, multiply: { op: multiply, params }, inBundles },
    ...rest,
  };
}

/** Whether so many elements of a weight of this shape may share a scale. */
export function takesBlocks(
  { blocks }: Format,
  size: number | undefined,
  shape: Shape,
): size is number {
  if (blocks === undefined || size === undefined) return false;
  return blocks === 'row' ? size === (shape.at(-1) ?? 1) : blocks.sizes.includes(size);
}

/** The numbers that {@link takesBlocks} takes, in words. */
export function blockSizesOf({ blocks }: Format): string {
  if (blocks === 'row') return 'the number of elements of a row';
  return `one of ${blocks?.sizes.join(', ')}`;
}
