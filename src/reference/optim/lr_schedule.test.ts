import { expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { simulation } from './lr_schedule.simulation.ts';
import { record } from './lr_schedule.ts';

const gpu = new SimulatedGpu({ rounding: 'nearest', contraction: true, flush: false }, 0);
type Params = Parameters<typeof record.forward>[1];

/** By the record and by the simulation. */
const both = (params: Params): readonly Value[] => [
  record.forward({}, params).lr,
  simulation.forward(gpu, {}, params, '')['lr'] as Value,
];
const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

test.each<readonly [Params, Value]>([
  [{ name: 'constant', base_lr: 0.5, warmup: 2, steps: 4 }, of(0, 0.25, 0.5, 0.5)],
  [{ name: 'constant', base_lr: 0.5, total: 2 }, of(0.5, 0.5)],
  [{ name: 'linear', base_lr: 0.5, warmup: 2, total: 3, steps: 5 }, of(0, 0.25, 0.5, 0, 0)],
  [{ name: 'linear', base_lr: 0.5, warmup: 1, total: 5 }, of(0, 0.5, 0.375, 0.25, 0.125)],
  [{ name: 'linear', base_lr: 0.5, warmup: 1, total: 1, steps: 3 }, of(0, 0, 0)],
])('the rate of each step is that of transformers: %j', (params, rates) => {
  expect(both(params)).toEqual([rates, rates]);
});

test('a cosine falls to nothing half a wave for each cycle', () => {
  for (const { data } of both({ name: 'cosine', base_lr: 0.5, total: 4, num_cycles: 0.5 }))
    expect([...data].map((rate) => Number(rate.toFixed(6)))).toEqual([
      0.5, 0.426777, 0.25, 0.073223,
    ]);
});

test('a schedule without a length has no steps', () => {
  expect(both({ name: 'constant', base_lr: 0.5 })).toEqual([of(), of()]);
});

test('what ends needs an end', () => {
  const of1 = (params: Params) => record.unsupported?.({}, params);
  expect(of1({ name: 'linear', base_lr: 1, steps: 9 })).toBe('a linear schedule without a total');
  expect(of1({ name: 'cosine', base_lr: 1 })).toBe('a cosine schedule without a total');
  expect(of1({ name: 'cosine', base_lr: 1, total: 9 })).toBeUndefined();
  expect(of1({ name: 'constant', base_lr: 1 })).toBeUndefined();
  expect(record.paramsOfShapes?.['steps']?.({ lr: [7] })).toBe(7);
  expect(record.paramsOfShapes?.['steps']?.({})).toBeUndefined();
});
