import { expect, test } from 'vitest';
import { drawSample } from '../drawn.ts';
import type { Values } from '../record.ts';
import { recordOf } from '../registry.ts';
import { simulations } from './registry.ts';
import { SimulatedGpu } from './simulated-gpu.ts';

const MOST_ELEMENTS = 700;

const shapesOf = (values: Values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [name, [shape, data.length]]),
  );
const sizeOf = (values: Values) =>
  Object.values(values).reduce((sum, { data }) => sum + data.length, 0);

test('simulations are found beside records, in files of their own, and several in one', () => {
  const ops = [...simulations.keys()];
  expect(ops).toEqual(expect.arrayContaining(['gelu', 'matmul', 'quantize_4bit']));
});

test.each([...simulations.values()].map((simulation) => [simulation.op, simulation] as const))(
  'what is simulated of %s has the shapes that its record computes',
  (op, { forward, backward }) => {
    const { samples, ...record } = recordOf(op);
    const gpu = new SimulatedGpu({ rounding: 'nearest', contraction: true, flush: false }, 0);
    let compared = 0;
    for (const { params, variants = [''], ...sample } of samples) {
      const { inputs, grads } = drawSample({ params, ...sample });
      if (sizeOf(inputs) > MOST_ELEMENTS) continue;
      const [variant = ''] = variants;
      const outputs = shapesOf(record.forward(inputs, params));
      const simulated = shapesOf(forward(gpu, inputs, params, variant));
      const both = Object.keys(simulated).filter((name) => name in outputs);
      expect(both.length).toBeGreaterThan(0);
      for (const name of both) expect(simulated[name]).toEqual(outputs[name]);
      compared += both.length;
      if (!grads || !backward || !record.vjp) continue;
      const gradients = shapesOf(record.vjp(inputs, params, grads));
      const back = shapesOf(backward(gpu, inputs, params, grads, variant));
      for (const name of Object.keys(back)) expect(back[name]).toEqual(gradients[name]);
    }
    expect(compared).toBeGreaterThan(0);
  },
);
