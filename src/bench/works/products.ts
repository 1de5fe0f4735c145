import type { Shape } from '../../tensor/shape.ts';
import { matmul } from '../../vocabulary/matmul/matmul.ts';
import { type OpWorkGiven, opWork } from '../op-work.ts';
import type { OpWork, WorkGroup } from '../work.ts';

interface Product extends Pick<OpWorkGiven, 'isLarge' | 'judgedRows' | 'growth'> {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly transposed?: 'a' | 'b';
  readonly quick?: boolean;
}

/** y [m, n] of a [m, k] and b [k, n], either of them stored the other way round. */
function product(
  group: WorkGroup,
  { m, n, k, batch, transposed, quick, ...others }: Product,
): OpWork {
  const of = (rows: number, cols: number): Shape => [...(batch ? [batch] : []), rows, cols];
  return opWork({
    op: matmul,
    sizes: { ...(batch ? { batch } : {}), m, n, k, ...(transposed ? { transposed } : {}) },
    group,
    quick: quick ?? false,
    flops: 2 * (batch ?? 1) * m * n * k,
    params: transposed ? { [`transpose_${transposed}`]: true } : {},
    inputs: {
      a: transposed === 'a' ? of(k, m) : of(m, k),
      b: transposed === 'b' ? of(n, k) : of(k, n),
    },
    gives: { y: of(m, n) },
    ...others,
  });
}

const cube = (size: number, quick = false): Product => ({
  ...{ m: size, n: size, k: size, quick },
  growth: [{ of: 'cube', size }],
});

/** One that takes a processor seconds, and its oracle minutes. */
const largeCube = (size: number): Product => ({
  ...{ m: size, n: size, k: size, isLarge: true, judgedRows: 32 },
});

/** The rows of a layer of 512 x 512 as the batch grows. */
const rows = (size: number): Product => ({
  ...{ m: size, n: 512, k: 512 },
  growth: [{ of: 'rows', size }],
});

const PLAIN: readonly Product[] = [
  cube(128, true),
  cube(256, true),
  cube(512),
  cube(1024),
  largeCube(2048),
  largeCube(4096),
  { m: 1, n: 1024, k: 1024, quick: true },
  { m: 8, n: 1024, k: 1024 },
  { m: 64, n: 1024, k: 1024 },
  { m: 64, n: 512, k: 1376 },
  { m: 64, n: 1376, k: 512 },
  { m: 37, n: 29, k: 53 },
  { m: 200, n: 77, k: 333 },
  { batch: 8, m: 64, n: 64, k: 64 },
];

/** As the backward pass of a layer has them: of the input b, of the weight a is transposed. */
const TRANSPOSED: readonly Product[] = [
  { m: 512, n: 512, k: 512, transposed: 'b' },
  { m: 512, n: 512, k: 512, transposed: 'a' },
  { m: 512, n: 1376, k: 64, transposed: 'a' },
  { m: 64, n: 512, k: 1376, transposed: 'b' },
  ...[1, 8, 64, 512].flatMap((m): readonly Product[] => [
    { m, n: 1024, k: 1024, transposed: 'b' },
    { m, n: 1376, k: 512, transposed: 'b' },
  ]),
];

/** One more and one less than those above, primes, and what is long or thin: no tile fits them. */
const ODD: readonly Product[] = [
  { m: 127, n: 127, k: 127 },
  { m: 129, n: 129, k: 129 },
  { m: 257, n: 255, k: 256 },
  { m: 511, n: 513, k: 509 },
  { m: 1, n: 1021, k: 1031 },
  { m: 7, n: 1024, k: 1024 },
  { m: 9, n: 1023, k: 1025 },
  { m: 65, n: 511, k: 1377 },
  { m: 63, n: 1377, k: 513 },
  { m: 300, n: 100, k: 500 },
  { m: 31, n: 2003, k: 257 },
  { batch: 7, m: 65, n: 63, k: 61 },
];

/** Products in float32 as layers have them, forward and backward, and how their time grows. */
export const works: readonly OpWork[] = [
  ...PLAIN.map((one) => product('products', one)),
  ...TRANSPOSED.map((one) => product('transposed products', one)),
  ...ODD.map((one) => product('odd products', one)),
  ...[cube(64), ...[16, 32, 64, 128, 256].map(rows)].map((one) => product('growth', one)),
];
