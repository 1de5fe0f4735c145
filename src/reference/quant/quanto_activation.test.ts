import { expect, test } from 'vitest';
import { ACTIVATION_TYPES, type ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import type { Values } from '../record.ts';
import { record } from './quanto_activation.ts';

const given = (scale: number, ...x: readonly number[]) => ({
  x: { shape: [x.length], data: Float64Array.from(x) },
  scale: { shape: [1], data: Float64Array.of(scale) },
});
const arithmetic = (ieee: boolean) => ({ depth: (n: number) => n, ieee });

/** Codes, and what they decode to. */
function coded(qtype: ActivationType, inputs: ReturnType<typeof given>, actual: Values = {}) {
  const { q, dequant } = record.forwardChosen?.(inputs, actual, { qtype }) ?? {};
  return { q: [...(q?.data ?? [])], y: [...(dequant?.data ?? [])] };
}

function accepts(qtype: ActivationType, inputs: ReturnType<typeof given>, ieee: boolean) {
  const params = { qtype };
  const outputs = record.forward(inputs, params);
  const { q } = record.acceptance(inputs, outputs, params, arithmetic(ieee));
  if (q?.kind !== 'codes') throw new RangeError('no codes');
  return q.accepts;
}

test('whole numbers go to even, and stay between -128 and 127', () => {
  expect(coded('qint8', given(0.5, 0.25, 0.75, -1.25, 100, -100))).toEqual({
    q: [0, 2, -2, 127, -128],
    y: [0, 1, -1, 63.5, -64],
  });
});

test('floats saturate at the largest number, and keep its least ones', () => {
  expect(coded('qfloat8_e4m3fn', given(2, 1e4, -1e38, 17, 2 ** -8, -(2 ** -9)))).toEqual({
    q: [126, 254, 80, 1, 128],
    y: [896, -896, 16, 2 ** -8, -0],
  });
  expect(coded('qfloat8_e4m3fnuz', given(2, 1e4, -1e38, 17, -(2 ** -9), -(2 ** -10), -0))).toEqual({
    q: [127, 255, 88, 129, 0, 0],
    y: [480, -480, 16, -(2 ** -9), 0, 0],
  });
  expect(coded('qfloat8_e5m2', given(0.5, 1e30, -3, 2 ** -17))).toEqual({
    q: [123, 198, 1],
    y: [28_672, -3, 2 ** -17],
  });
});

test('a quotient that no float holds has the largest code', () => {
  expect(coded('qfloat8_e5m2', given(1e-30, 1e30, -1e30)).q).toEqual([123, 251]);
});

test('by a scale of 0 codes and results are 0', () => {
  for (const qtype of ACTIVATION_TYPES)
    expect(coded(qtype, given(0, 0, 5, -3e38))).toEqual({ q: [0, 0, 0], y: [0, 0, 0] });
});

test('a code in the band may be either, and what it decodes to follows', () => {
  const tie = given(3, 7.5);
  expect(coded('qint8', tie)).toEqual({ q: [2], y: [6] });
  expect(coded('qint8', tie, { q: { shape: [1], data: Float64Array.of(3) } }).y).toEqual([9]);
  expect([accepts('qint8', tie, true)(0, 3), accepts('qint8', tie, false)(0, 3)]).toEqual([
    ...[false, true],
  ]);
  expect(accepts('qint8', tie, false)(0, 4)).toBe(false);
  // 17 lies in the middle of 16 and 18.
  const between = given(3, 51);
  const right = (ieee: boolean) =>
    [88, 89, 90].filter((code) => accepts('qfloat8_e4m3fn', between, ieee)(0, code));
  expect([right(true), right(false)]).toEqual([[88], [88, 89]]);
});

test('the gradient goes straight through, also where codes were clamped', () => {
  const dequant = { shape: [2], data: Float64Array.of(3, -4) };
  const { x } = record.vjp?.(given(0.01, 1, 100), { qtype: 'qint8' }, { dequant }) ?? {};
  expect([...(x?.data ?? [])]).toEqual([3, -4]);
});
