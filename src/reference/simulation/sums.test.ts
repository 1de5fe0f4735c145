import { expect, test } from 'vitest';
import { farExp } from './far-exp.ts';
import type { SimulatedGpu } from './simulated-gpu.ts';
import {
  chainSum,
  dot,
  rowDot,
  rowSum,
  type SumOrder,
  sharedSum,
  workgroupDot,
  workgroupSum,
} from './sums.ts';

/** A GPU that writes down what it adds: `b` to `a` is `(a b)`, nothing is `.`. */
const writing = {
  add: (a: unknown, b: unknown) => `(${a || '.'} ${b || '.'})`,
  mulAdd: (a: unknown, b: unknown, c: unknown) => `(${c || '.'} ${a}*${b})`,
} as unknown as SimulatedGpu;

const values = (count: number, first = 1): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => first + i);

test.each<readonly [order: SumOrder, terms: number, sum: string]>([
  ['chain', 3, '(((. 2*12) 3*13) 4*14)'],
  ['quads', 4, '(. ((((. 2*12) 3*13) 4*14) 5*15))'],
  ['quads', 5, '((. ((((. 2*12) 3*13) 4*14) 5*15)) (. 6*16))'],
  ['octets', 2, '(. (((. 2*12) 3*13) .))'],
  ['octets', 6, '(. (((((. 2*12) 3*13) 4*14) 5*15) ((. 6*16) 7*17)))'],
  [
    'octets',
    9,
    '((. (((((. 2*12) 3*13) 4*14) 5*15) ((((. 6*16) 7*17) 8*18) 9*19))) ((. 10*20) .))',
  ],
])('products are added in the order of a kernel: %s of %d', (order, terms, sum) => {
  expect(dot(writing, order, values(16), 1, values(16, 11), 1, terms)).toBe(sum);
});

test('numbers are added one after another', () => {
  expect(chainSum(writing, [1, 2, 3])).toBe('(((. 1) 2) 3)');
  expect(chainSum(writing, [])).toBe(0);
});

/** Adds in float64, and remembers what met. */
function counting() {
  const met: (readonly [a: number, b: number])[] = [];
  const add = (a: number, b: number) => {
    met.push([a, b]);
    return a + b;
  };
  const gpu = { add, mulAdd: (a: number, b: number, c: number) => add(c, a * b) };
  return { gpu: gpu as SimulatedGpu, met };
}

test('a workgroup adds every 64th number in a lane, then lanes by halves', () => {
  const { gpu, met } = counting();
  // Lane i has 2^i, lanes 0 and 1 another number too, so that each sum tells who is in it.
  const x = Array.from({ length: 66 }, (_, i) => (i < 64 ? 2 ** (i % 20) : 1000));
  const sum = x.reduce((all, each) => all + each, 0);
  expect(workgroupSum(gpu, x)).toBe(sum);
  expect(met).toHaveLength(66 + 63);
  expect(met[0]).toEqual([0, 1]);
  // A lane is done before the next begins.
  expect(met[1]).toEqual([1, 1000]);
  expect(met[3]).toEqual([2, 1000]);
  const tree = met.slice(66);
  // Lane 0 with lane 32, lane 2 with lane 34; then 0 and 32 with 16 and 48.
  expect(tree[0]).toEqual([1001, 2 ** 12]);
  expect(tree[2]).toEqual([4, 2 ** 14]);
  expect(tree[32]).toEqual([1001 + 2 ** 12, 2 ** 16 + 2 ** 8]);
  expect(tree.at(-1)?.reduce((a, b) => a + b)).toBe(sum);
  const of = (n: number) => x.slice(0, n);
  for (const n of [0, 1, 63, 64, 65]) {
    const { gpu: other } = counting();
    expect(workgroupSum(other, of(n))).toBe(of(n).reduce((all, each) => all + each, 0));
    expect(workgroupDot(other, of(n), of(n))).toBe(of(n).reduce((all, y) => all + y * y, 0));
  }
});

test('an invocation adds a row in four partial sums, 64 of them in 256', () => {
  expect(rowSum(writing, 'row-per-invocation', [1, 2, 3, 4, 5])).toBe(
    '((((. 1) 5) (. 3)) ((. 2) (. 4)))',
  );
  expect(rowDot(writing, 'row-per-invocation', [1, 2, 3, 4], [5, 6, 7, 8])).toBe(
    '(((. 1*5) (. 3*7)) ((. 2*6) (. 4*8)))',
  );
  expect(rowSum(writing, 'another', [1, 2, 3])).toBe('(((. 1) 2) 3)');
  const { gpu, met } = counting();
  const ones = new Array(257).fill(1);
  expect(rowSum(gpu, 'row-per-workgroup', ones)).toBe(257);
  expect(met).toHaveLength(257 + 255);
  expect(rowDot(gpu, 'row-per-workgroup', ones, ones)).toBe(257);
});

test('a sum of more than 256 numbers is shared out, each share with every n-th', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  const shared = (count: number) => {
    const { gpu, met } = counting();
    const sum = sharedSum(gpu, numbers(count));
    expect(sum).toBe((count * (count + 1)) / 2);
    return met;
  };
  expect(shared(256)).toHaveLength(256);
  const two = shared(257);
  // 257 numbers in two shares, then the two sums of shares.
  expect(two).toHaveLength(257 + 2);
  expect(two.slice(0, 3).map(([, b]) => b)).toEqual([1, 3, 5]);
  expect(two.slice(129, 131).map(([, b]) => b)).toEqual([2, 4]);
  expect(shared(512)).toHaveLength(512 + 2);
  expect(shared(513)).toHaveLength(513 + 3);
});

test('an exponential far below 0 is that of -104', () => {
  const gpu = { exp: (x: number) => x } as unknown as SimulatedGpu;
  expect([-1, -103.5, -104, -105, -1e9].map((x) => farExp(gpu, x))).toEqual([
    -1, -103.5, -104, -104, -104,
  ]);
});
