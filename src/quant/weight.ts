import { InvariantError } from '../errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Format, Layout } from './format.ts';

/**
 * A weight in a number format: its parts together stand for a tensor of `shape`. `T` is a tensor on
 * the device, on the host, or an oracle's. `F` is what its parts are read by: a format of a table of
 * values, or another way of coding with a name.
 */
export interface QuantizedWeight<T, F extends { readonly name: string } = Format> extends Layout {
  readonly format: F;
  /** Codes and scales, by the names of the vocabulary. */
  readonly parts: Readonly<Record<string, T>>;
}

/** Whether a value of a state dict is quantized; others are tensors. */
export function isQuantized<T extends object, F extends { readonly name: string } = Format>(
  value: T | QuantizedWeight<T, F>,
): value is QuantizedWeight<T, F> {
  return 'parts' in value;
}

/** The same weight with every part as `change` makes it: uploaded, or read back. */
export function withParts<T, U, F extends { readonly name: string }>(
  weight: QuantizedWeight<T, F>,
  change: (part: T, name: string) => U,
): QuantizedWeight<U, F> {
  const parts = Object.entries(weight.parts).map(([name, part]) => [name, change(part, name)]);
  return { ...weight, parts: Object.fromEntries(parts) };
}

/** The codes of a weight and their scales. Throws InvariantError where it lacks them. */
export function partsOf<T>({ format, parts }: QuantizedWeight<T>): {
  readonly codes: T;
  readonly scales: T;
} {
  const codes = parts[format.parts.codes];
  const scales = parts[format.parts.scales];
  if (codes === undefined || scales === undefined)
    throw new InvariantError(
      `a weight in ${format.name} lacks ${format.parts.codes} or ${format.parts.scales}`,
    );
  return { codes, scales };
}

/** Numbers of a tensor, flat. */
interface Numbers {
  readonly data: ArrayLike<number>;
}

/** What a weight decodes to: each code's value times its scale, by `multiply`. */
export function decoded(
  weight: QuantizedWeight<Numbers>,
  multiply: (value: number, scale: number) => number = (value, scale) => value * scale,
): Float64Array {
  const { blocksize, shape } = weight;
  const { values, packing } = weight.format;
  const codes = partsOf(weight).codes.data;
  const scales = partsOf(weight).scales.data;
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
    multiply(
      values[packing.codeAt(codes, i)] as number,
      scales[blocksize === undefined ? 0 : Math.floor(i / blocksize)] as number,
    ),
  );
}
