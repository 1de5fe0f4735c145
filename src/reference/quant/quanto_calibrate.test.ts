import { expect, test } from 'vitest';
import type { ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import { EPS } from '../bounds.ts';
import { record } from './quanto_calibrate.ts';

const given = (before: number, ...x: readonly number[]) => ({
  x: { shape: [x.length], data: Float64Array.from(x) },
  input_scale: { shape: [1], data: Float64Array.of(before) },
});
const scaleOf = (inputs: ReturnType<typeof given>, qtype: ActivationType = 'qint8') =>
  record.forward(inputs, { qtype }).input_scale.data[0] as number;
const boundOf = (inputs: ReturnType<typeof given>) => {
  const params = { qtype: 'qint8' } as const;
  const outputs = record.forward(inputs, params);
  const arithmetic = { depth: (n: number) => n, ieee: false };
  const { input_scale } = record.acceptance(inputs, outputs, params, arithmetic);
  if (input_scale?.kind !== 'within') throw new RangeError('no bound');
  return input_scale.bound[0] as number;
};

test('the first batch has a 127th of its largest magnitude, whatever its sign', () => {
  expect(scaleOf(given(1, 3, -254, 100))).toBe(2);
  expect(scaleOf(given(1, 3, -2, 508))).toBe(4);
});

test('each other moves the scale before by a tenth', () => {
  expect(scaleOf(given(4, 254, 0))).toBeCloseTo(3.8, 6);
  expect(scaleOf(given(0.5, 0, 0))).toBeCloseTo(0.45, 7);
});

test('a batch of zeros has a scale of 0, from which the next goes on', () => {
  expect(scaleOf(given(1, 0, 0))).toBe(0);
  expect(scaleOf(given(0, 254, 0))).toBeCloseTo(0.2, 7);
});

test('of floats the largest magnitude becomes the largest number', () => {
  expect(scaleOf(given(1, 3, -896), 'qfloat8_e4m3fn')).toBe(2);
  expect(scaleOf(given(1, 3, -480), 'qfloat8_e4m3fnuz')).toBe(2);
  expect(scaleOf(given(4, 28_672), 'qfloat8_e5m2')).toBeCloseTo(3.65, 6);
});

test('a bound is of the quotient, and with a batch before of both products and their sum too', () => {
  expect(boundOf(given(1, 254))).toBeCloseTo(EPS * 5 * (1 + 1e-3), 12);
  expect(boundOf(given(4, 254))).toBeCloseTo(EPS * (0.7 + 3.6 + 3.8) * (1 + 1e-3), 12);
});
