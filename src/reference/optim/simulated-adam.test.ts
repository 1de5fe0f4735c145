import { expect, test } from 'vitest';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { simulatedAdam } from './simulated-adam.ts';

const gpu = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  mulAdd: (a: number, b: number, c: number) => a * b + c,
  div: (a: number, b: number) => a / b,
  sqrt: Math.sqrt,
} as unknown as SimulatedGpu;
const scalars = {
  decay: 0.5,
  l2: 2,
  restOfBeta1: 0.25,
  beta2: 0.75,
  restOfBeta2: 0.125,
  stepSize: 3,
  correction: 0.5,
  eps: 1,
  fastPowers: 0,
};

test('a simulated step of Adam moves by the first moment over the root of the second', () => {
  // A gradient of 3 + 2 * 8, a first moment of 7 + (19 - 7) / 4.
  const after = simulatedAdam(gpu, { param: 8, exp_avg: 7, exp_avg_sq: 4 }, 3, scalars);
  const second = 0.125 * 19 ** 2 + 0.75 * 4;
  expect(after).toEqual({
    param: 8 * 0.5 - (3 * 10) / (Math.sqrt(second) / 0.5 + 1),
    exp_avg: 10,
    exp_avg_sq: second,
  });
});

test('a simulated root is nothing of a second moment below the smallest normal number', () => {
  const kept = { ...scalars, l2: 0, decay: 1, beta2: 1, correction: 2 ** -63 };
  const step = (exp_avg_sq: number) =>
    simulatedAdam(gpu, { param: 0, exp_avg: 4, exp_avg_sq }, 0, kept).param;
  // A first moment of 3 by steps of 3, over 1 + 1 or over 1.
  expect([2 ** -126, 2 ** -127].map(step)).toEqual([-4.5, -9]);
});
