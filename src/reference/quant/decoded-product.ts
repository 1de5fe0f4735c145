import { absoluteProduct, product, productBound } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Arithmetic, Depth, RecordFault, Value } from '../record.ts';
import { EXACT, type Range, type RangeArithmetic, rangesIn, reach } from './ranges.ts';

/** A weight in float64, and how far each element may be off when it is decoded. */
export interface DecodedWeight extends Value {
  readonly bound: Float64Array;
}

/** A weight of so many elements by what each decodes to: exactly, and as float32 may have it. */
export function decodedWeight(
  shape: readonly [number, number],
  decode: (i: number, ops: RangeArithmetic) => Range,
): DecodedWeight {
  const legal = rangesIn('f32', false);
  const data = Float64Array.from({ length: shape[0] * shape[1] }, (_, i) => decode(i, EXACT).low);
  return { shape, data, bound: data.map((y, i) => reach(decode(i, legal), y)) };
}

/** x W^T (transposed), or x W, of x [..., terms]. */
export function decodedProduct(x: Value, weight: Value, transposed: boolean): Value {
  const y = product(flatRows(x), weight, false, transposed);
  return { ...y, shape: [...x.shape.slice(0, -1), y.shape[1] as number] };
}

/**
 * Bound of a {@link decodedProduct} whose weight has an error of its own: that of the sums, of
 * magnitudes that `wide` may enlarge, and what becomes of the error.
 */
export function decodedProductBound(
  x: Value,
  weight: DecodedWeight,
  transposed: boolean,
  depth: Depth,
  wide: (i: number) => number = () => 0,
): ReturnType<typeof productBound> {
  const { shape, data, bound } = weight;
  const rows = flatRows(x);
  const largest = data.map((y, i) => Math.abs(y) + (bound[i] as number) + wide(i));
  const carried = absoluteProduct(rows, { shape, data: bound }, false, transposed).data;
  const sums = productBound(rows, { shape, data: largest }, false, transposed, depth);
  return { ...sums, bound: sums.bound.map((b, i) => b + (carried[i] as number)) };
}

interface Params {
  readonly transpose_weight: boolean;
}

/** What a record says of y = x W^T, or x W, and of the gradient of x, by what a weight decodes to. */
export function decodedProductOf<Weight, P extends Params>(
  weightOf: (weight: Weight, params: P) => DecodedWeight,
) {
  type Inputs = Weight & { readonly x: Value };
  return {
    forward: (inputs: Inputs, params: P) => ({
      y: decodedProduct(inputs.x, weightOf(inputs, params), params.transpose_weight),
    }),
    acceptance: (inputs: Inputs, _outputs: unknown, params: P, { depth }: Arithmetic) => ({
      y: decodedProductBound(inputs.x, weightOf(inputs, params), params.transpose_weight, depth),
    }),
    vjp: (inputs: Inputs, params: P, grads: { readonly y: Value }) => ({
      x: decodedProduct(grads.y, weightOf(inputs, params), !params.transpose_weight),
    }),
    vjpAcceptance: (
      inputs: Inputs,
      _gradients: unknown,
      params: P,
      grads: { readonly y: Value },
      { depth }: Arithmetic,
    ) => ({
      x: decodedProductBound(grads.y, weightOf(inputs, params), !params.transpose_weight, depth),
    }),
  };
}

/** Parameters that take a square weight for its transpose. */
export function transposed<
  P extends Params & { readonly out_features: number; readonly in_features: number },
>(params: P): P {
  const isSquare = params.out_features === params.in_features;
  return isSquare ? { ...params, transpose_weight: !params.transpose_weight } : params;
}

/** Of the loader of codes in groups (matmul/right/groups), whatever they stand for. */
export const groupsFaults = (): readonly RecordFault[] =>
  loaderFaults('words of codes exchanged', 'packed[word] >> at', 'packed[word ^ 1u] >> at');

/** Of the loaders of codes of 8 bits (matmul/right/bytes): the last byte of a word is taken first. */
export const BYTES_FAULTS: readonly RecordFault[] = loaderFaults(
  'codes in reversed bytes',
  'vec4u(0x1000000u, 0x10000u, 0x100u, 1u)',
  'vec4u(1u, 0x100u, 0x10000u, 0x1000000u)',
);

/** The same mistake of a loader in every tile, both ways. */
export function loaderFaults(name: string, from: string, to: string): readonly RecordFault[] {
  const tiles = { register: 'register', subgroup: 'quad', tiled: 'split' } as const;
  return (['forward', 'backward'] as const).flatMap((direction) =>
    Object.entries(tiles).map(([variant, file]) => ({
      name,
      direction,
      variants: [variant],
      shader: { file: `matmul/${file}`, from, to },
    })),
  );
}
