import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { drawSample } from '../drawn.ts';
import type { Value } from '../record.ts';
import { type AdamElement, adamElement, adamScalars } from './adam.ts';
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
    expect(() => stepsRecord.forward(inputs, { optimizer: 'adamw8bit' })).toThrow(/"adamw8bit"/);
  });
});
