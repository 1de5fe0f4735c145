import { describe, expect, test } from 'vitest';
import { heldAs } from '../../tensor/half.ts';
import { EPS } from '../bounds.ts';
import type { Value, Values } from '../record.ts';
import { stepsIn } from '../steps.ts';
import { record } from './linear_8bit_lt.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

// Levels of x: 127, 2.5 and 127, 1; of the weight: 127, -64 and 2, 127.
const inputs = {
  x: of([2, 2], 127, 2.5, 254, 2),
  weight: of([2, 2], 127, -64, 1, 63.5),
};
type Outputs = Readonly<
  Record<'q_x' | 'q_weight' | 'row_stats' | 'weight_stats' | 'outlier_cols' | 'acc' | 'y', Value>
>;

const depth = (terms: number) => terms;

function judged(actual: Values, threshold = 0, ieee = true, given = inputs) {
  const params = { threshold };
  const outputs = record.forwardChosen?.(given, actual, params) as Outputs;
  const accepted = record.acceptance(given, outputs, params, { depth, ieee });
  const { q_x, y } = accepted;
  if (q_x?.kind !== 'codes' || y?.kind !== 'within') throw new RangeError('no codes, or no bound');
  return { outputs, q_x, y };
}

test('statistics multiply the product of codes, and a 127th of each', () => {
  const { outputs } = judged({});
  expect(outputs.q_x).toEqual(of([2, 2], 127, 2, 127, 1));
  expect(outputs.q_weight).toEqual(of([2, 2], 127, -64, 2, 127));
  expect([...outputs.acc.data]).toEqual([16001, 508, 16065, 381]);
  expect([...outputs.y.data].map((y) => y.toFixed(9))).toEqual(
    [16001, 254, 32130, 381].map((y) => y.toFixed(9)),
  );
});

describe('the product of codes in the band', () => {
  test('is that of the codes that a party has', () => {
    const { outputs, q_x } = judged({ q_x: of([2, 2], 127, 3, 127, 9), q_weight: inputs.weight });
    expect([...outputs.q_x.data]).toEqual([127, 3, 127, 1]);
    expect([...outputs.acc.data]).toEqual([15937, 635, 16065, 381]);
    expect([q_x.accepts(1, 2), q_x.accepts(1, 3)]).toEqual([true, false]);
    expect(judged({}, 0, false).q_x.accepts(1, 3)).toBe(true);
  });

  test('tells them where a party has the product alone, if it can be of some', () => {
    const accOf = (...acc: readonly number[]) => [
      ...judged({ acc: of([2, 2], ...acc) }).outputs.acc.data,
    ];
    expect(accOf(15937, 635, 16065, 381)).toEqual([15937, 635, 16065, 381]);
    expect(accOf(15900, 636, 16066, 380.5)).toEqual([16001, 508, 16065, 381]);
    const known = { q_x: of([2, 2], 127, 2, 127, 1), q_weight: of([2, 2], 127, -64, 2, 127) };
    const { outputs } = judged({ ...known, acc: of([2, 2], 15937, 635, 16065, 381) });
    expect([...outputs.acc.data]).toEqual([16001, 508, 16065, 381]);
  });
});

describe('a bound', () => {
  test('is of four and a half roundings and two sums', () => {
    const { y } = judged({});
    expect(y.bound[0]).toBeCloseTo(6.5 * EPS * 16001 * (1 + 1e-3), 12);
  });

  test('grows by a step where a code of a row is in the band', () => {
    const { y } = judged({}, 0, false);
    // One code of x, of the weights -64 and 127, times both statistics over 127^2.
    expect(y.bound[0]).toBeCloseTo(64 + 6.5 * EPS * 16001 * (1 + 1e-3), 9);
    expect(y.bound[1]).toBeCloseTo(127 / 2 + 6.5 * EPS * 254 * (1 + 1e-3), 9);
    expect(y.bound[2]).toBeCloseTo(6.5 * EPS * 32130 * (1 + 1e-3), 9);
  });

  test('is around the scale of bitsandbytes on processors too', () => {
    const { y } = judged({});
    const onCpu = 16001 * 127 ** 2 * Math.fround(6.200124e-5);
    expect(y.nearest?.(0, 16001.1)).toBeCloseTo(16001, 9);
    expect(y.nearest?.(0, 16001.2)).toBeCloseTo(onCpu, 9);
    expect(onCpu - 16001).toBeGreaterThan(0.2);
  });
});

describe('an outlier column', () => {
  const given = { ...inputs, x: of([2, 2], 127, 2.5, 254, 600), bias: of([2], 1, 2) };

  test('is multiplied as it is given, by the decoded weight', () => {
    const { outputs } = judged({}, 500, true, given);
    expect([...outputs.outlier_cols.data]).toEqual([1, -1]);
    expect([...outputs.q_x.data]).toEqual([127, 0, 127, 0]);
    expect([...outputs.row_stats.data]).toEqual([127, 254]);
    const expected = [127 * 127 - 2.5 * 64 + 1, 127 + 2.5 * 63.5 + 2];
    expect([...outputs.y.data].slice(0, 2).map((y) => y.toFixed(9))).toEqual(
      expected.map((y) => y.toFixed(9)),
    );
  });

  test('has products and decoded weights that round', () => {
    const { y } = judged({}, 500, true, given);
    const terms = ((6 * EPS) / (1 - 6 * EPS)) * 2.5 * 64;
    const rest = 4.5 * EPS * 127 ** 2 + 2 * EPS * (127 ** 2 + 1);
    expect(y.bound[0]).toBeCloseTo((terms + rest) * (1 + 1e-3), 12);
  });

  test('is foreseen in halves, whose every step is stored', () => {
    const ways = record.foreseen?.(stepsIn('f16'), given, { threshold: 500 })?.['y'] ?? [];
    expect(ways).toHaveLength(2);
    // 16130 is stored as 16128; 2.5 * 64 goes off that, then 15968 is a half.
    expect(ways[0]?.[0]).toEqual({ low: 15968, high: 15968 });
  });

  test('sends back in halves by a decoded weight that is stored', () => {
    // Codes 127, -64 and 2, 127 by statistics of 127 / 128 and 63.5: 1 is stored for 2 * 63.5 / 127.
    const small = { ...given, weight: of([2, 2], 127 / 128, -0.5, 1, 63.5) };
    const dy = { y: of([2, 2], 1, 0, 0, 1) };
    const { x } = record.foreseen?.(stepsIn('f16'), small, { threshold: 0 }, dy) ?? {};
    const stored = [127 / 128, -64 / 128, 1, 63.5].map((weight) => heldAs('f16', weight));
    expect(x?.[0]?.map(({ low }) => low)).toEqual(stored);
    expect(x?.[0]?.map(({ high }) => high)).toEqual(stored);
  });
});

describe('gradients', () => {
  const grads = { y: of([2, 2], 1, 0, 1, 2) };
  const params = { threshold: 0 };
  const unit = ((5 * EPS) / (1 - 5 * EPS)) * (1 + 1e-3);

  function gradient(weight: Value, ieee: boolean) {
    const given = { ...inputs, weight };
    const gradients = record.vjp?.(given, params, grads) ?? {};
    const { x } = record.vjpAcceptance?.(given, gradients, params, grads, { depth, ieee }) ?? {};
    return {
      x: [...(gradients.x?.data ?? [])],
      bound: x?.kind === 'within' ? [...x.bound] : [],
    };
  }

  test('go through the decoded weight', () => {
    const { x, bound } = gradient(inputs.weight, false);
    expect(x).toEqual([127, -64, 129, 63]);
    expect(bound[2]).toBeCloseTo(129 * unit, 12);
  });

  test('are open by a step where a code of the weight is in the band', () => {
    const weight = of([2, 2], 127, -64.5, 1, 63.5);
    expect(gradient(weight, false).bound[1]).toBeCloseTo(1 + 64 * unit, 9);
    expect(gradient(weight, true).bound[1]).toBeCloseTo(64 * unit, 9);
  });
});
