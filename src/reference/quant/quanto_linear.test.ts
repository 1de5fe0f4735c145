import { expect, test } from 'vitest';
import { EPS } from '../bounds.ts';
import type { Value, Values } from '../record.ts';
import { record } from './quanto_linear.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

// Levels 1, 2.5, -3.5 and 200, -200, 126.5.
const inputs = {
  x: of([2, 3], 0.5, 1.25, -1.75, 100, -100, 63.25),
  q: of([2, 3], 1, -1, 0, 127, -128, 3),
  scale: of([2, 1], 0.25, 2),
  input_scale: of([1], 0.5),
  bias: of([2], 1, -1),
};
type Outputs = Readonly<Record<'q_x' | 'acc' | 'y', Value>>;

function judged(actual: Values, ieee = true) {
  const outputs = record.forwardChosen?.(inputs, actual, {}) as Outputs;
  const { q_x, y } = record.acceptance(inputs, outputs, {}, { depth: (n) => n, ieee });
  if (q_x?.kind !== 'codes' || y?.kind !== 'within') throw new RangeError('no codes, or no bound');
  return { outputs, q_x, y };
}

test('codes are x over its scale, ties to even, between -128 and 127', () => {
  const { outputs } = judged({});
  expect([...outputs.q_x.data]).toEqual([1, 2, -4, 127, -128, 126]);
  expect([...outputs.acc.data]).toEqual([-1, -141, 255, 32891]);
});

test('sums are scaled once, and the bias is added', () => {
  expect([...judged({}).outputs.y.data]).toEqual([0.875, -142, 32.875, 32890]);
});

test('a code in the band may be either, and sums follow the one that was taken', () => {
  const actual = { q_x: of([2, 3], 1, 3, -4, 127, -128, 125) };
  const { outputs, q_x } = judged(actual);
  expect([...outputs.q_x.data]).toEqual([1, 3, -4, 127, -128, 126]);
  expect([...outputs.acc.data].slice(0, 2)).toEqual([-2, -269]);
  expect([q_x.accepts(1, 2), q_x.accepts(1, 3), q_x.accepts(3, 126)]).toEqual([true, false, false]);
  expect(judged({}, false).q_x.accepts(1, 3)).toBe(true);
});

test('sums of codes that a party does not tell are its own where they can be right', () => {
  const accOf = (acc: number) =>
    judged({ acc: of([2, 2], acc, -141, 255, 32891) }).outputs.acc.data[0];
  expect([-2, 0, 1, -1.5].map(accOf)).toEqual([-2, 0, -1, -1]);
});

test('by a scale of 0 any code is right, and y is the bias', () => {
  const zeros = { ...inputs, x: of([1, 3], 0, 0, 0), input_scale: of([1], 0) };
  const actual = { q_x: of([1, 3], 127, -128, 0) };
  const outputs = record.forwardChosen?.(zeros, actual, {}) as Outputs;
  const { q_x } = record.acceptance(zeros, outputs, {}, { depth: (n) => n, ieee: true });
  if (q_x?.kind !== 'codes') throw new RangeError('no codes');
  expect([...outputs.acc.data, ...outputs.y.data]).toEqual([255, 32513, 1, -1]);
  expect([-128, 5, 127, 128, 0.5].map((code) => q_x.accepts(0, code))).toEqual([
    ...[true, true, true, false, false],
  ]);
});

test('a bound is of two roundings and a sum, and of a step where a code is open', () => {
  expect(judged({}).y.bound[0]).toBeCloseTo(EPS * (2 * 0.125 + 0.875) * (1 + 1e-3), 12);
  // Of 2.5 and -3.5 one meets -1, the other 0.
  expect(judged({}, false).y.bound[0]).toBeCloseTo(0.125 + EPS * (2 * 0.25 + 1) * (1 + 1e-3), 9);
});

test('the gradient of x is that of a product with the decoded weight, also where it was clamped', () => {
  const { x } = record.vjp?.(inputs, {}, { y: of([2, 2], 1, 0, 2, 1) }) ?? {};
  expect([...(x?.data ?? [])]).toEqual([0.25, -0.25, 0, 254.5, -256.5, 6]);
});
