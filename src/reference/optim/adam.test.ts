import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { drawSample } from '../drawn.ts';
import type { Value } from '../record.ts';
import { IN_FLOAT32, IN_HALVES } from '../rounding.ts';
import { type AdamElement, adamBound, adamElement, adamScalars } from './adam.ts';
import { record as stepsRecord } from './optimizer_steps.ts';
import { adamParams } from './optimizers.ts';

const TORCH = adamParams({ optimizer: 'adamw' });
const fresh = (param: number): AdamElement => ({ param, exp_avg: 0, exp_avg_sq: 0 });

describe('AdamW', () => {
  test.each([2, -0.5, 1e-3, -1e-9])(
    'moves a parameter at step one by lr * sign(g) / (1 + eps / |g|), after its decay (g = %f)',
    (grad) => {
      const { param } = adamElement(fresh(3), grad, adamScalars(TORCH, 1));
      const expected = 3 * (1 - 1e-5) - (1e-3 * Math.sign(grad)) / (1 + 1e-8 / Math.abs(grad));
      // The scalars are rounded to float32, which is what a GPU gets.
      expect(Math.abs(param - expected)).toBeLessThan(4e-7);
    },
  );

  test('only decays a parameter that never had a gradient', () => {
    const { param, exp_avg, exp_avg_sq } = adamElement(fresh(2), 0, adamScalars(TORCH, 1));
    expect(param).toBeCloseTo(2 * (1 - 1e-5), 6);
    expect([exp_avg, exp_avg_sq]).toEqual([0, 0]);
  });

  test('moves by lr at every step under a constant gradient', () => {
    const grads: Value = { shape: [5, 1], data: new Float64Array(5).fill(7) };
    const inputs = { param: { shape: [1], data: Float64Array.of(1) }, grads };
    const { trajectory } = stepsRecord.forward(inputs, {
      optimizer: 'adamw',
      lr: 0.125,
      weight_decay: 0,
    });
    for (const [i, param] of (trajectory as Value).data.entries())
      expect(param).toBeCloseTo(1 - 0.125 * (i + 1), 5);
  });

  test('decays the parameter itself where Adam adds the decay to the gradient', () => {
    const large = { ...TORCH, lr: 0.1, weight_decay: 0.5 };
    const decoupled = adamElement(fresh(4), 1, adamScalars({ ...large, mode: 'adamw' }, 1));
    const coupled = adamElement(fresh(4), 1, adamScalars({ ...large, mode: 'adam' }, 1));
    expect(decoupled.param).toBeCloseTo(4 * 0.95 - 0.1, 5);
    expect(coupled.param).toBeCloseTo(4 - 0.1, 5);
    expect(coupled.exp_avg).toBeCloseTo(0.1 * (1 + 0.5 * 4), 6);
  });

  test('several steps are the single steps in a row', () => {
    const random = new Random(2);
    const grads = random.fill(6, () => random.normal());
    const { trajectory } = stepsRecord.forward(
      { param: { shape: [1], data: Float64Array.of(0.5) }, grads: { shape: [6, 1], data: grads } },
      { optimizer: 'adamw' },
    );
    let state = fresh(0.5);
    for (const [i, grad] of grads.entries()) {
      state = adamElement(state, grad, adamScalars({ ...TORCH, mode: 'adamw' }, i + 1));
      expect((trajectory as Value).data[i]).toBe(state.param);
    }
  });

  test('is refused with an unknown optimizer', () => {
    const sample = stepsRecord.samples[0] as (typeof stepsRecord.samples)[number];
    const { inputs } = drawSample(sample as never);
    expect(() => stepsRecord.forward(inputs, { optimizer: 'lion' } as never)).toThrow();
  });
});

describe('the bound of a step', () => {
  const scalars = {
    decay: 1,
    l2: 0,
    restOfBeta1: 0.25,
    beta2: 0.5,
    restOfBeta2: 0.5,
    stepSize: 2,
    correction: 0.5,
    eps: 1,
    fastPowers: 0,
  };
  const none = { exp_avg: 0, exp_avg_sq: 0 };

  test('grants fast powers to a library that corrects biases as CUDA does, and to no other', () => {
    const params = { lr: 0.5, betas: [0.75, 0.999], eps: 0.25, weight_decay: 0 } as const;
    const before = { param: 3, exp_avg: 8, exp_avg_sq: 16 };
    const boundOf = (decay_after_step: boolean, fastPowers: boolean) => {
      const at = { ...TORCH, ...params, mode: 'adamw', decay_after_step } as const;
      const rounding = { ...IN_FLOAT32, fastPowers };
      return adamBound(before, 4, adamScalars(at, 1), none, rounding).param;
    };
    const own = boundOf(true, false);
    expect(boundOf(false, true)).toBe(boundOf(false, false));
    // 1 - 0.999 keeps ten bits less than its power has: 2^-22 ln 2 of the logarithm, 2^-22 of exp2f.
    const beta2 = Math.fround(0.999);
    const ofSecond = (beta2 * 2 ** -22 * (Math.LN2 + 1)) / (1 - beta2);
    const ofFirst = (0.75 * 2 ** -22 * (Math.LN2 + 1)) / 0.25;
    const { stepSize, correction } = adamScalars({ ...TORCH, ...params, mode: 'adamw' }, 1);
    const after = adamElement(before, 4, adamScalars({ ...TORCH, ...params, mode: 'adamw' }, 1));
    const step = (stepSize * after.exp_avg) / (Math.sqrt(after.exp_avg_sq) / correction + 0.25);
    const granted = (boundOf(true, true) - own) / step;
    expect(granted / (ofFirst + ofSecond / 2)).toBeCloseTo(1, 2);
  });

  test('rounds each operation of the moments', () => {
    // exp_avg 8 + (4 - 8) / 4, exp_avg_sq (16 + 16) / 2.
    const before = { param: 3, exp_avg: 8, exp_avg_sq: 16 };
    const bound = adamBound(before, 4, scalars, { exp_avg: 0.25, exp_avg_sq: 0.125 });
    expect(bound.exp_avg).toBeCloseTo(0.25 + EPS * (2 * 1 + 7) * SECOND_ORDER, 18);
    expect(bound.exp_avg_sq).toBeCloseTo(0.125 + 3 * EPS * 16 * SECOND_ORDER, 18);
    // A denominator of 4 / 0.5 + 1, a step of 2 * 7 / 9, a parameter of 3 - 14 / 9.
    const root = bound.exp_avg_sq / (4 + Math.sqrt(16 - bound.exp_avg_sq));
    const share = (root + 28 * EPS) / 0.5 / 9 + EPS;
    const param =
      EPS * (3 + (3 - 14 / 9)) +
      (2 * bound.exp_avg) / 9 +
      (14 / 9) * (share / (1 - share) + 3.5 * EPS);
    expect(bound.param).toBeCloseTo(param * SECOND_ORDER, 14);
  });

  test('adds the rounding of a decay that is part of the gradient', () => {
    const before = { param: 4, exp_avg: 0, exp_avg_sq: 0 };
    // A gradient of -2 + 4 / 2 = 0, off by the units of 2.
    const cancelled = adamBound(before, -2, { ...scalars, l2: 0.5 }, none);
    expect(cancelled.exp_avg).toBeCloseTo(0.25 * 2 * EPS * SECOND_ORDER, 18);
    expect(cancelled.exp_avg_sq / (2 * EPS * EPS * SECOND_ORDER)).toBeCloseTo(1, 12);
    const doubled = adamBound(before, 2, { ...scalars, l2: 0.5 }, none);
    const gradient = EPS * (2 + 4);
    const square = 0.5 * gradient * (8 + gradient) + 3 * EPS * 8;
    expect(doubled.exp_avg_sq).toBeCloseTo(square * SECOND_ORDER, 18);
  });

  test('may lose what is flushed of a square, and of zeros', () => {
    const frozen = { ...scalars, restOfBeta2: 0 };
    const { exp_avg_sq } = adamBound(fresh(0), 3, frozen, none);
    expect(exp_avg_sq / FLUSH).toBeCloseTo((4 + 2 * 3) * SECOND_ORDER, 12);
    const { exp_avg, param } = adamBound(fresh(0), 0, scalars, none);
    expect(exp_avg / FLUSH).toBeCloseTo(4 * SECOND_ORDER, 12);
    expect(param / FLUSH).toBeCloseTo((2 * 4 * SECOND_ORDER + 3 + 1) * SECOND_ORDER, 12);
  });

  test('is none where a square overflows, or half of the denominator may be error', () => {
    expect(adamBound(fresh(0), 2 ** 64, scalars, none).exp_avg_sq).toBe(Infinity);
    expect(adamBound(fresh(0), 2 ** 63, scalars, none).exp_avg_sq).toBeLessThan(2 ** 110);
    // A root of 0 that is 1 off, in a denominator of eps.
    const moving = { ...scalars, restOfBeta1: 0, correction: 1 };
    const before = { param: 0, exp_avg: 1, exp_avg_sq: 0 };
    const paramAt = (share: number) =>
      adamBound(before, 0, { ...moving, eps: 1 / share }, { exp_avg: 0, exp_avg_sq: 1 }).param;
    expect(paramAt(0.5002)).toBe(Infinity);
    expect(paramAt(0.5)).toBe(Infinity);
    const share = 0.4998;
    expect(paramAt(share)).toBeCloseTo(2 * share * (share / (1 - share)) * SECOND_ORDER, 5);
  });
});

describe('the bound of a step in float16', () => {
  const scalars = {
    decay: 1,
    l2: 0,
    restOfBeta1: 1,
    beta2: 1,
    restOfBeta2: 1,
    stepSize: 1,
    correction: 1,
    eps: 0,
    fastPowers: 0,
  };
  const boundAt = (grad: number, exp_avg_sq = 0, more = {}) =>
    adamBound(
      { param: 0, exp_avg: 1, exp_avg_sq },
      grad,
      { ...scalars, ...more },
      { exp_avg: 0, exp_avg_sq: 0 },
      IN_HALVES.f16,
    );

  test('counts its unit of rounding, and what its smallest number loses', () => {
    const { exp_avg, exp_avg_sq } = boundAt(2);
    const { eps, flush } = IN_HALVES.f16;
    expect(exp_avg).toBeCloseTo((eps * (2 * 1 + 2) + 4 * flush) * SECOND_ORDER, 15);
    const square = 3 * eps * 4 + flush * (4 + 4);
    expect(exp_avg_sq).toBeCloseTo(square * SECOND_ORDER, 15);
  });

  test('is none where a square or their mean is beyond its range', () => {
    expect(boundAt(255).exp_avg_sq).toBeLessThan(1000);
    expect(boundAt(256).exp_avg_sq).toBe(Infinity);
    expect(boundAt(256, 0, { restOfBeta2: 0.5 }).exp_avg_sq).toBe(Infinity);
    expect(boundAt(1, 65_503).exp_avg_sq).toBeLessThan(1000);
    expect(boundAt(1, 65_504).exp_avg_sq).toBe(Infinity);
  });

  test('is none where a denominator is among its smallest numbers', () => {
    const kept = { eps: 1e-8, restOfBeta1: 0 };
    expect(boundAt(0, 1, kept).param).toBeLessThan(0.1);
    expect(boundAt(0, 2 ** -24, kept).param).toBe(Infinity);
  });
});
