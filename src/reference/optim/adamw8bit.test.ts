import { describe, expect, test } from 'vitest';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { adamw8bitHyperparameters } from '../../vocabulary/optim/adamw8bit.ts';
import type { Arithmetic } from '../record.ts';
import { adamElement, adamScalars } from './adam.ts';
import { adamw8bit } from './adamw8bit.ts';
import { codedMoment, momentRange } from './coded-moment.ts';

const SIGNED = createDynamicMap(true);
const UNSIGNED = createDynamicMap(false);
const IEEE: Arithmetic = { depth: () => 1, ieee: true };
const GIVEN = { lr: 0.5, betas: [0.5, 0.75], eps: 0.25, weight_decay: 0.125 } as const;

describe('the decay', () => {
  const before = { param: 3, exp_avg: 0.25, exp_avg_sq: 4 };
  const moved = (decay_after_step: boolean, weight_decay: number) => {
    const scalars = adamScalars(
      { ...GIVEN, weight_decay, mode: 'adamw', bias_correction: false, decay_after_step },
      1,
    );
    return adamElement(before, 1, scalars).param;
  };
  const step = 3 - moved(false, 0);

  test('comes before the step, or after it', () => {
    expect(moved(false, 0.125)).toBe(3 * 0.9375 - step);
    expect(moved(true, 0.125)).toBeCloseTo((3 - step) * 0.9375, 6);
  });

  test('after it goes with hyperparameters in float32', () => {
    const { restOfBeta2, beta2 } = adamScalars(
      {
        ...GIVEN,
        betas: [0.9, 0.999],
        mode: 'adamw',
        bias_correction: true,
        decay_after_step: true,
      },
      1,
    );
    expect([restOfBeta2, beta2]).toEqual([1 - Math.fround(0.999), Math.fround(0.999)]);
  });
});

describe('a moment in codes', () => {
  const coding = (rounding: 'nearest' | 'lut16', map = SIGNED) => ({ map, blocksize: 4, rounding });

  test('has the largest of each block for its scale, where the last block may be short', () => {
    const { absmax } = codedMoment(Float64Array.of(1, -3, 2, 0, -0.5), coding('nearest'));
    expect([...absmax]).toEqual([3, 0.5]);
  });

  test('keeps its sign where the nearest value is 0, but not by the table', () => {
    const x = Float64Array.of(1, -1e-9, 1e-9, 0);
    expect([...codedMoment(x, coding('nearest')).codes]).toEqual([255, 126, 127, 127]);
    // The table has no 0: its steps nearest to it are at -1.5e-5 and 1.5e-5.
    expect([...codedMoment(x, coding('lut16')).codes]).toEqual([255, 123, 131, 131]);
  });

  test('may be either code where it may be on either side of the middle', () => {
    const middle = ((SIGNED[200] as number) + (SIGNED[201] as number)) / 2;
    const x = Float64Array.of(1, middle, SIGNED[200] as number, 0);
    const error = new Float64Array(4).fill(1e-6);
    const { low, high, apart } = momentRange(x, error, coding('nearest'), true);
    expect([low[1], high[1], low[2], high[2]]).toEqual([200, 201, 200, 200]);
    const width = (SIGNED[201] as number) - (SIGNED[200] as number);
    expect(apart[1]).toBeGreaterThanOrEqual(width);
    expect(apart[2]).toBeLessThan(2e-6);
  });

  test('may be any where a block may be nothing but zeros', () => {
    const { low, high } = momentRange(
      new Float64Array(2),
      new Float64Array(2).fill(1e-38),
      coding('nearest', UNSIGNED),
      true,
    );
    expect([[...low], [...high]]).toEqual([
      [0, 0],
      [255, 255],
    ]);
  });

  test('has a scale that is off by what may come to be the largest', () => {
    const x = Float64Array.of(1, 0.99, 0.1, 0);
    const { absmax } = momentRange(x, Float64Array.of(0.25, 0.5, 0.1, 0), coding('nearest'), true);
    expect(absmax[0]).toBeCloseTo(0.49, 6);
  });
});

test('the parameter moves by moments that are not rounded, and the next step by codes', () => {
  const hyperparameters = adamw8bitHyperparameters({ ...GIVEN, blocksize: 32 });
  const rule = adamw8bit(hyperparameters, [3]);
  const zeros = {
    ...{ exp_avg: new Float64Array(3), exp_avg_sq: new Float64Array(3) },
    ...{ exp_avg_absmax: new Float64Array(1), exp_avg_sq_absmax: new Float64Array(1) },
  };
  const param = Float64Array.of(1, 2, 3);
  const grad = Float64Array.of(1, -0.3, 0.01);
  const first = rule.step({ ...zeros, param }, grad, 1);
  const scalars = (t: number) => adamScalars({ ...hyperparameters, mode: 'adamw' }, t);
  const exact = Array.from(param, (p, i) =>
    adamElement({ param: p, exp_avg: 0, exp_avg_sq: 0 }, grad[i] as number, scalars(1)),
  );
  expect([...(first['param'] ?? [])]).toEqual(exact.map((element) => element.param));
  expect(first['exp_avg_absmax']?.[0]).toBe(0.5);
  const second = rule.step(first, grad, 2);
  const kept = (name: 'exp_avg' | 'exp_avg_sq', map: Float32Array, i: number) =>
    (map[first[name]?.[i] as number] as number) * (first[`${name}_absmax`]?.[0] as number);
  const expected = Array.from(grad, (g, i) =>
    adamElement(
      {
        param: first['param']?.[i] as number,
        exp_avg: kept('exp_avg', SIGNED, i),
        exp_avg_sq: kept('exp_avg_sq', UNSIGNED, i),
      },
      g,
      scalars(2),
    ),
  );
  expect([...(second['param'] ?? [])]).toEqual(expected.map((element) => element.param));
  // What was rounded is not what it was.
  expect(kept('exp_avg', SIGNED, 1)).not.toBe(exact[1]?.exp_avg);
});

test('of a code that may be either, what follows is as far off as they are apart', () => {
  const rule = adamw8bit(adamw8bitHyperparameters({ ...GIVEN, blocksize: 32 }), [2]);
  const before = {
    param: Float64Array.of(1, 1),
    exp_avg: Float64Array.of(255, 200),
    exp_avg_absmax: Float64Array.of(1),
    exp_avg_sq: Float64Array.of(255, 255),
    exp_avg_sq_absmax: Float64Array.of(1),
  };
  const grad = Float64Array.of(1, 1);
  const boundOf = (apart: number) => {
    const carried = { exp_avg_apart: Float64Array.of(0, apart) };
    return rule.bound(before, grad, 2, carried, IEEE)['param']?.[1] as number;
  };
  const { stepSize, correction, eps, restOfBeta1 } = adamScalars(
    { ...GIVEN, mode: 'adamw', bias_correction: true },
    2,
  );
  const further = (stepSize * (1 - restOfBeta1) * 0.01) / (1 / correction + eps);
  expect(boundOf(0)).toBeLessThan(1e-5);
  expect(boundOf(0.01) - boundOf(0)).toBeCloseTo(further, 4);
});
