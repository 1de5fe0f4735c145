import { expect, test } from 'vitest';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { simulation } from './nll_loss.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const gpu = {
  add: (a: number, b: number) => a + b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
} as unknown as SimulatedGpu;
const inputs = {
  log_probs: of([3, 2], -1, -2, -3, -4, -5, -6),
  labels: of([3], 1, -100, 0),
  weight: of([2], 3, 5),
};

test.each([
  ['none', of([3], 10, 0, 15), [11, 12, 13], [0, -55, 0, 0, -39, 0]],
  ['sum', of([1], 25), [11], [0, -55, 0, 0, -33, 0]],
  // Of weights of 5 and 3.
  ['mean', of([1], 25 / 8), [16], [0, -10, 0, 0, -6, 0]],
] as const)('a simulated loss leaves out rows that are ignored: %s', (reduction, loss, dy, dx) => {
  const params = { reduction, ignore_index: -100 };
  expect(simulation.forward(gpu, inputs, params, '')).toEqual({ loss, targets: of([3], 1, -1, 0) });
  const grads = { loss: of([dy.length], ...dy) };
  expect(simulation.backward?.(gpu, inputs, params, grads, '')).toEqual({
    log_probs: of([3, 2], ...dx),
  });
});
