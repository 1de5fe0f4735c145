import { EPS, FLUSH, gamma, IN_ANY_ORDER, SECOND_ORDER } from '../bounds.ts';
import { absoluteProduct, product } from '../matmul/product.ts';
import type { Value } from '../record.ts';
import { gainsWithErrors, normErrors, normsOf } from './lora_linear/dora.ts';
import { stagesOf } from './lora_linear/stages.ts';

/** An adapter in float64, with the base in floats. */
export interface Parts {
  readonly weight: Value;
  readonly lora_A: Value;
  readonly lora_B: Value;
  readonly magnitude?: Value;
}

/** Size and sort of an adapter; with DoRA there is a magnitude. */
interface Sizes {
  readonly r: number;
  readonly alpha: number;
  readonly use_rslora?: boolean | undefined;
}

/** Of a merged weight the truth and its bound, and how far the base may be off after unmerging. */
export interface MergedTruth {
  readonly merged: Value;
  readonly bound: Float64Array;
  readonly unmergedBound: Float64Array;
  /** What rows were multiplied by. */
  readonly factors: Float64Array;
}

/** Roundings of a division and a product by which rows are rescaled and brought back. */
const RESCALED = 4;

/**
 * W + s B A in float64, with DoRA magnitude / norm times its rows. Every term of the sum meets at most
 * r + 3 roundings (products, sums, factor and base), and once more when it is taken away; what a
 * factor is off by is that of `lora_linear`.
 */
export function mergedTruth(parts: Parts, adapter: Sizes): MergedTruth {
  const { weight, lora_A, lora_B, magnitude } = parts;
  const [rows, width] = weight.shape as [number, number];
  const { r, alpha, use_rslora = false } = adapter;
  const use_dora = magnitude !== undefined;
  const x: Value = { shape: [1, width], data: new Float64Array(width) };
  const stages = stagesOf(
    { x, weight, lora_A, lora_B },
    { r, alpha, use_rslora, use_dora, base: 'dense', blocksize: 64 },
  );
  const { s } = stages;
  const update = product(lora_B, lora_A, false, false);
  const size = absoluteProduct(lora_B, lora_A, false, false);
  const norms = normsOf(stages);
  const errors = normErrors(stages, norms, IN_ANY_ORDER.depth);
  const gains = magnitude
    ? gainsWithErrors(magnitude, { values: norms, errors })
    : { values: new Float64Array(rows).fill(1), errors: new Float64Array(rows) };
  const merged = new Float64Array(rows * width);
  const bound = new Float64Array(rows * width);
  const unmergedBound = new Float64Array(rows * width);
  for (let i = 0; i < merged.length; i++) {
    const row = Math.floor(i / width);
    const gain = gains.values[row] as number;
    const gainError = gains.errors[row] as number;
    const w = weight.data[i] as number;
    const sum = w + s * (update.data[i] as number);
    const terms = Math.abs(w) + Math.abs(s) * (size.data[i] as number);
    const ofSum = gamma(r + 3) * terms + FLUSH * (r + 3);
    const rescaling = magnitude ? RESCALED * EPS * Math.abs(sum) : 0;
    merged[i] = gain * sum;
    bound[i] =
      SECOND_ORDER * (Math.abs(gain) * (ofSum + rescaling) + Math.abs(sum) * gainError) + FLUSH;
    unmergedBound[i] =
      SECOND_ORDER *
      (ofSum + rescaling + gamma(r + 3) * (terms + Math.abs(s) * (size.data[i] as number)));
  }
  return {
    merged: { shape: weight.shape, data: merged },
    bound,
    unmergedBound,
    factors: gains.values,
  };
}
