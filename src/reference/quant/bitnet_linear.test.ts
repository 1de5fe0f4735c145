import { expect, test } from 'vitest';
import { EPS } from '../bounds.ts';
import type { Value, Values } from '../record.ts';
import { record } from './bitnet_linear.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

// Trits 1, -1, 0 and 0, 1, 1: codes 2, 0, 1, 1 and 2, 2.
const packed = of([2], 0b01_01_00_10, 0b10_10);
// Levels 127, 2.5, -3.5; a row of zeros; one whose 127th is that of 1e-5.
const inputs = {
  x: of([3, 3], 127, 2.5, -3.5, 0, 0, 0, 1e-6, -1e-6, 0),
  packed,
  scale: of([1], 0.5),
  bias: of([2], 1, -1),
};
const params = { out_features: 2 };
type Outputs = Readonly<Record<'q_x' | 'row_stats' | 'acc' | 'y', Value>>;

function judged(actual: Values, ieee = true) {
  const outputs = record.forwardChosen?.(inputs, actual, params) as Outputs;
  const { q_x, y } = record.acceptance(inputs, outputs, params, { depth: (n) => n, ieee });
  if (q_x?.kind !== 'codes' || y?.kind !== 'within') throw new RangeError('no codes, or no bound');
  return { outputs, q_x, y };
}

test('rows are codes over their largest magnitude, or over 1e-5, ties to even', () => {
  const { outputs } = judged({});
  expect([...outputs.q_x.data]).toEqual([127, 2, -4, 0, 0, 0, 13, -13, 0]);
  expect([...outputs.row_stats.data]).toEqual([127, 0, 1e-6]);
  expect([...outputs.acc.data]).toEqual([125, -2, 0, 0, 26, -13]);
});

test('sums are scaled once, and the bias is added', () => {
  const { y } = judged({}).outputs;
  const least = Math.fround(1e-5) / 2 / 127;
  const expected = [63.5, -2, 1, -1, 1 + 26 * least, -1 - 13 * least];
  expect([...y.data].map((value) => value.toFixed(12))).toEqual(
    expected.map((value) => value.toFixed(12)),
  );
});

test('a code in the band may be either, and sums follow the one that was taken', () => {
  const actual = { q_x: of([3, 3], 127, 3, -4, 0, 0, 0, 13, -13, 9) };
  const { outputs, q_x } = judged(actual);
  expect([...outputs.q_x.data]).toEqual([127, 3, -4, 0, 0, 0, 13, -13, 0]);
  expect([...outputs.acc.data].slice(0, 2)).toEqual([124, -1]);
  expect([q_x.accepts(1, 2), q_x.accepts(1, 3)]).toEqual([true, false]);
  expect(judged({}, false).q_x.accepts(1, 3)).toBe(true);
});

test('sums of codes that a party does not tell are its own where they can be right', () => {
  const accOf = (acc: number) =>
    judged({ acc: of([3, 2], acc, -2, 0, 0, 26, -13) }).outputs.acc.data[0];
  expect([124, 126, 123, 124.5].map(accOf)).toEqual([124, 126, 125, 125]);
});

test('a bound is of four and a half roundings and a sum, and of a step where a code is open', () => {
  expect(judged({}).y.bound[0]).toBeCloseTo(EPS * (4.5 * 62.5 + 63.5) * (1 + 1e-3), 12);
  // Both halves of a step, met by 1 and -1; by the other trits one of them, and that by 0.
  const { bound } = judged({}, false).y;
  expect(bound[0]).toBeCloseTo(0.5 + EPS * (4.5 * 63 + 63.5) * (1 + 1e-3), 9);
  expect(bound[1]).toBeCloseTo(1 + EPS * (4.5 * 2 + 2) * (1 + 1e-3), 9);
});

test('the gradient of x is that of a product with the trits', () => {
  const { x } = record.vjp?.(inputs, params, { y: of([3, 2], 1, 0, 0, 2, 4, 8) }) ?? {};
  expect([...(x?.data ?? [])]).toEqual([0.5, -0.5, 0, 0, 1, 1, 2, 2, 4]);
});
