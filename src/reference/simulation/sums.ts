import type { SimulatedGpu } from './simulated-gpu.ts';

/**
 * How a kernel adds products: one after another; four at a time, added among themselves first (as
 * the product of two mat4x4f); or eight, as two such fours; or such fours shared out: 64 invocations
 * take the two of every 64th eight, and a tree of six levels adds what they have.
 */
export type SumOrder = 'chain' | 'quads' | 'octets' | 'shared quads';

/** The sum of a[startA + i] * b[startB + i] over `terms` terms. */
export function dot(
  gpu: SimulatedGpu,
  order: SumOrder,
  a: Float64Array,
  startA: number,
  b: Float64Array,
  startB: number,
  terms: number,
): number {
  let sum = 0;
  if (order === 'chain') {
    for (let i = 0; i < terms; i++)
      sum = gpu.mulAdd(a[startA + i] as number, b[startB + i] as number, sum);
    return sum;
  }
  const four = (from: number) =>
    dot(gpu, 'chain', a, startA + from, b, startB + from, Math.min(4, terms - from));
  if (order === 'shared quads')
    return tree(gpu, LANES, Math.ceil(terms / 8), (own, eight) => {
      const first = gpu.add(own, four(8 * eight));
      return 8 * eight + 4 < terms ? gpu.add(first, four(8 * eight + 4)) : first;
    });
  if (order === 'quads') for (let i = 0; i < terms; i += 4) sum = gpu.add(sum, four(i));
  else for (let i = 0; i < terms; i += 8) sum = gpu.add(sum, gpu.add(four(i), four(i + 4)));
  return sum;
}

/** The sum of numbers, one after another. */
export function chainSum(gpu: SimulatedGpu, x: Iterable<number>): number {
  let sum = 0;
  for (const value of x) sum = gpu.add(sum, value);
  return sum;
}

const LANES = 64;

/**
 * The sum as one workgroup takes it: 64 lanes add every 64th number, then a tree of six levels adds
 * the lanes.
 */
export function workgroupSum(gpu: SimulatedGpu, x: ArrayLike<number>): number {
  return tree(gpu, LANES, x.length, (sum, i) => gpu.add(sum, x[i] as number));
}

/** The sum of x[i] * y[i], likewise. */
export function workgroupDot(
  gpu: SimulatedGpu,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): number {
  return tree(gpu, LANES, x.length, (sum, i) => gpu.mulAdd(x[i] as number, y[i] as number, sum));
}

/**
 * The sum of a row of `count` terms as invocations share it in a variant of its op: one, or the
 * lanes of a workgroup; each adds in four partial sums. Without such a variant terms are added one
 * after another. `add` adds term i to a partial sum.
 */
export function rowOf(
  gpu: SimulatedGpu,
  variant: string,
  count: number,
  add: (sum: number, i: number) => number,
): number {
  const width = { 'row-per-invocation': 4, 'row-per-workgroup': 4 * LANES }[variant] ?? 1;
  return tree(gpu, width, count, add);
}

/** The sum of numbers as {@link rowOf} takes it. */
export function rowSum(gpu: SimulatedGpu, variant: string, x: ArrayLike<number>): number {
  return rowOf(gpu, variant, x.length, (sum, i) => gpu.add(sum, x[i] as number));
}

/** The sum of x[i] * y[i], likewise. */
export function rowDot(
  gpu: SimulatedGpu,
  variant: string,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): number {
  return rowOf(gpu, variant, x.length, (sum, i) => gpu.mulAdd(x[i] as number, y[i] as number, sum));
}

/** Each of `width` partial sums has every width-th number; halves of them are added until one is left. */
function tree(
  gpu: SimulatedGpu,
  width: number,
  count: number,
  add: (sum: number, i: number) => number,
): number {
  const sums = Array.from({ length: width }, (_, first) => {
    let sum = 0;
    for (let i = first; i < count; i += width) sum = add(sum, i);
    return sum;
  });
  for (let half = width / 2; half >= 1; half /= 2) {
    for (let i = 0; i < half; i++) sums[i] = gpu.add(sums[i] as number, sums[i + half] as number);
  }
  return sums[0] as number;
}

/** Terms that one invocation adds at most where sums are shared out. */
const SHARE = 256;

/**
 * The sum as it is shared out: every share takes each n-th number, and the n sums of shares are
 * added in the same way.
 */
export function sharedSum(gpu: SimulatedGpu, x: readonly number[]): number {
  const shares = Math.ceil(x.length / SHARE);
  if (shares <= 1) return chainSum(gpu, x);
  const sums = Array.from({ length: shares }, (_, share) =>
    chainSum(
      gpu,
      x.filter((_value, i) => i % shares === share),
    ),
  );
  return sharedSum(gpu, sums);
}
