import { filledTensor, type HostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { coordinatesOf, type Shape, sizeOf } from '../../tensor/shape.ts';
import { FLUSH, gamma, sumLevels, typicalSum } from '../bounds.ts';
import type { Acceptance, Depth, PlausibleBug, RecordFault, Value } from '../record.ts';

/**
 * For each of the indices into a tensor of `shape` along `dim`, which element it means; those beyond
 * the ends mean the nearest. The tensor repeats where its size is 1.
 */
export function elementsAlong(shape: Shape, indices: Value, dim: number): Int32Array {
  const at = dim < 0 ? dim + shape.length : dim;
  const rows = shape[at] as number;
  return Int32Array.from(indices.data, (index, i) => {
    const row = Math.min(Math.max(index, 0), rows - 1);
    const place = coordinatesOf(i, indices.shape).with(at, row);
    return place.reduce((flat, c, d) => flat * (shape[d] as number) + (shape[d] === 1 ? 0 : c), 0);
  });
}

/** For each element of slices, of `source`, which element of a tensor of `shape` it belongs to. */
export function placesOfSlices(shape: Shape, source: Shape, index: Value, dim: number): Int32Array {
  const at = dim < 0 ? dim + shape.length : dim;
  const slice = (i: number) => coordinatesOf(i, source)[at] as number;
  const data = Float64Array.from(
    { length: sizeOf(source) },
    (_, i) => index.data[slice(i)] as number,
  );
  return elementsAlong(shape, { shape: source, data }, dim);
}

/** The elements of a tensor of `shape` that lie where a smaller one, of `inner`, has its own. */
export function elementsWithin(shape: Shape, inner: Shape): Int32Array {
  return Int32Array.from({ length: sizeOf(inner) }, (_, i) =>
    coordinatesOf(i, inner).reduce((flat, c, d) => flat * (shape[d] as number) + c, 0),
  );
}

/** `start` with each term added at its place. */
export function sumsAt(
  start: Float64Array,
  places: Int32Array,
  term: (i: number) => number,
): Float64Array {
  const sums = start.slice();
  places.forEach((place, i) => {
    sums[place] = (sums[place] as number) + term(i);
  });
  return sums;
}

/**
 * How far sums of terms at places may be off: each element adds up as many numbers as it has terms,
 * beside what it starts from. `products` is how many roundings a term has behind it.
 */
export function sumsWithin(
  start: Float64Array | undefined,
  size: number,
  places: Int32Array,
  term: (i: number) => number,
  depth: Depth,
  products = 0,
): Acceptance {
  const magnitudes = sumsAt(start?.map(Math.abs) ?? new Float64Array(size), places, (i) =>
    Math.abs(term(i)),
  );
  const counts = sumsAt(new Float64Array(size), places, () => 1);
  const levels = counts.map((n) => (n > 0 ? sumLevels(n + (start ? 1 : 0), depth) + products : 0));
  const flushed = counts.map((n) => FLUSH * (1 + products) * n);
  return {
    kind: 'within',
    bound: magnitudes.map((size, i) => gamma(levels[i] as number) * size + (flushed[i] as number)),
    typical: magnitudes.map(
      (size, i) => typicalSum(levels[i] as number, size) + (flushed[i] as number),
    ),
  };
}

/** A mistake of the kernel that adds along a dimension, of floats and of integers. */
export const TERMS_TWICE = {
  name: 'terms twice',
  shader: {
    file: 'shape/add_along',
    from: 'with_term(y[places[c]], values[c])',
    to: 'with_term(with_term(y[places[c]], values[c]), values[c])',
  },
} satisfies RecordFault;

/** Terms by the place at which they are added, in ascending order. */
export function termsAt(
  size: number,
  places: Int32Array,
  term: (i: number) => number,
): readonly (readonly number[])[] {
  const terms = Array.from({ length: size }, (): number[] => []);
  places.forEach((place, i) => {
    terms[place]?.push(term(i));
  });
  return terms;
}

/** Small whole numbers, whose sums are exact. */
export function drawIntegers(
  random: Random,
  shape: Shape,
  dtype: 'f32' | 'i32' | 'u8' = 'f32',
): HostTensor {
  return filledTensor(dtype, shape, () => random.integer(-99, 99));
}

/** Indices of [0, rows), and as far as `outside` beyond. */
export function drawIndices(random: Random, shape: Shape, rows: number, outside = 0): HostTensor {
  return filledTensor('i32', shape, () => random.integer(-outside, rows - 1 + outside));
}

/** The indices taken along the dimension after the right one. */
export function alongAnother<
  Params extends { readonly dim: number },
  Inputs extends { readonly x: Value },
>(): PlausibleBug<Params, Inputs> {
  return {
    name: 'along another dimension',
    apply: (inputs, params) => {
      const rank = inputs.x.shape.length;
      return { inputs, params: { ...params, dim: (params.dim + 1 + rank) % rank } };
    },
  };
}
