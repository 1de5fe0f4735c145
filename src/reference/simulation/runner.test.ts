import { expect, test } from 'vitest';
import { callOf } from '../../graph/call.ts';
import { mul } from '../../vocabulary/math/mul.ts';
import type { Value } from '../record.ts';
import { simulatedRunner } from './runner.ts';
import { SimulatedGpu } from './simulated-gpu.ts';
import type { Simulation } from './simulation.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const gpu = new SimulatedGpu({ rounding: 'up', contraction: false, flush: false }, 0);
const forward = callOf(mul, { a: of(2), b: of(3) }, {});
const backward = callOf(mul, { a: of(2), b: of(3) }, {}, { grads: { y: of(1) } });

/** A product that is one more, and has no backward pass unless it is given. */
const oneMore: Simulation = { op: 'mul', forward: () => ({ y: of(7) }) };

test('a call runs as it is simulated, and one without a simulation by its record', async () => {
  const { run } = simulatedRunner(gpu, new Map([['mul', oneMore]]));
  expect(run(forward)).toEqual({ y: of(7) });
  expect(() => run(backward)).toThrow('the simulation of mul has no backward pass');
  const both = { ...oneMore, backward: () => ({ a: of(8), b: of(9) }) };
  expect(simulatedRunner(gpu, new Map([['mul', both]])).run(backward)).toEqual({
    a: of(8),
    b: of(9),
  });
  const records = simulatedRunner(gpu, new Map());
  expect(records.run(forward)).toEqual({ y: of(6) });
  expect(records.run(backward)).toEqual({ a: of(3), b: of(2) });
});

test('gradients are added as the GPU rounds, weights stored in float32, views have their elements', () => {
  const { add, stored, view } = simulatedRunner(gpu, new Map());
  expect(add(1, 2 ** -40)).toBe(1 + 2 ** -23);
  expect(stored(0.1)).toBe(Math.fround(0.1));
  expect(view(of(1, 2), [2, 1])).toEqual({ shape: [2, 1], data: Float64Array.of(1, 2) });
});
