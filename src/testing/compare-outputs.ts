import { seam } from '../seam.ts';
import type { HostTensor } from '../tensor/host.ts';
import { valuesOf } from '../tensor/host.ts';
import { coordinatesOf, sameShape } from '../tensor/shape.ts';

/** How two outputs of one model differ. */
export interface OutputDifference {
  readonly shapesMatch: boolean;
  readonly maxAbs: number;
  /** Relative to the larger of the two magnitudes. */
  readonly maxRel: number;
  /** Mean of the absolute differences. */
  readonly mean: number;
  readonly cosine: number;
  /** Where the first element stands that is another number; undefined where none is. */
  readonly firstMismatch: readonly number[] | undefined;
  /**
   * How many elements differ by 0, 1, 2 to 3, 4 to 7, ... floats that lie between: their logarithms
   * count up from 1, equal elements are at 0.
   */
  readonly ulpHistogram: readonly number[];
}

const distance = seam('compare.distance', (a: number, b: number): number => Math.abs(a - b));

/** Compares two outputs in float32; of different shapes nothing more is said. */
export function compareOutputs(a: HostTensor, b: HostTensor): OutputDifference {
  if (!sameShape(a.shape, b.shape))
    return {
      shapesMatch: false,
      maxAbs: 0,
      maxRel: 0,
      mean: 0,
      cosine: 1,
      firstMismatch: undefined,
      ulpHistogram: [],
    };
  const x = valuesOf(a);
  const y = valuesOf(b);
  const apart = x.map((value, i) => distance(value, y[i] as number));
  const larger = x.map((value, i) => Math.max(Math.abs(value), Math.abs(y[i] as number)));
  const relative = apart.map((away, i) => (away === 0 ? 0 : away / (larger[i] as number)));
  const products = x.map((value, i) => value * (y[i] as number));
  const first = apart.findIndex((away) => away !== 0);
  return {
    shapesMatch: true,
    maxAbs: most(apart),
    maxRel: most(relative),
    mean: total(apart) / Math.max(1, apart.length),
    cosine: total(products) / Math.sqrt(total(x.map(squared)) * total(y.map(squared))),
    firstMismatch: first < 0 ? undefined : coordinatesOf(first, a.shape),
    ulpHistogram: histogramOf(x.map((value, i) => ulpsBetween(value, y[i] as number))),
  };
}

function most(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, value), 0);
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function squared(x: number): number {
  return x * x;
}

/** Floats from one to the other, counted. */
function ulpsBetween(a: number, b: number): number {
  return distance(rankOf(a), rankOf(b));
}

/** The float's place among all floats, 0 for both zeros. */
function rankOf(x: number): number {
  const size = (new Uint32Array(Float32Array.of(Math.abs(x)).buffer)[0] as number) & 0x7fffffff;
  return Math.sign(x) * size;
}

function histogramOf(ulps: Float64Array): readonly number[] {
  const counts: number[] = [];
  for (const each of ulps) {
    const bin = each === 0 ? 0 : 1 + Math.floor(Math.log2(each));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}
