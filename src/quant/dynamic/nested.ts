import { decoded, type QuantizedWeight } from '../weight.ts';

/** Scales as bitsandbytes compresses them: in the dynamic format, after their mean was taken off. */
export interface NestedStatistics<T> {
  readonly scales: QuantizedWeight<T> & { readonly blocksize: number };
  /** The mean. */
  readonly offset: number;
}

/** The scales in float32, each rounded after its product and after its sum. */
export function restored({
  scales,
  offset,
}: NestedStatistics<{ readonly data: ArrayLike<number> }>): Float32Array {
  const mean = Math.fround(offset);
  const centred = decoded(scales, (value, scale) => Math.fround(value * scale));
  return Float32Array.from(centred, (scale) => Math.fround(scale + mean));
}
