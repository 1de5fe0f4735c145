import { flatRows } from '../../lora/rows.ts';
import { type SwigluParams, swigluSample } from '../../nn/swiglu_mlp.ts';
import type { Value, Values } from '../../record.ts';
import { multiply, productOrder } from '../matmul/multiply.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';
import type { SumOrder } from '../sums.ts';
import { silu, slope } from './silu.ts';

/** Element by element. */
function zip(a: Value, b: Value, f: (x: number, y: number) => number): Value {
  return { ...a, data: a.data.map((x, i) => f(x, b.data[i] as number)) };
}

function layersOf(gpu: SimulatedGpu, inputs: Values, order: SumOrder) {
  const x = flatRows(inputs['x'] as Value);
  const [gated, raised] = (['gate', 'up'] as const).map((name) => multiply(gpu, order, [x, inputs[name] as Value, false, true])) as [
    Value,
    Value,
  ];
  return { x, gated, raised, hidden: zip(gated, raised, (g, u) => gpu.mul(silu(gpu, g), u)) };
}

export const simulation: Simulation<SwigluParams> = {
  op: 'swiglu_mlp',
  forward: (gpu, inputs, _params, variant) => {
    const order = productOrder(variant);
    const down = inputs['down'] as Value;
    const y = multiply(gpu, order, [layersOf(gpu, inputs, order).hidden, down, false, true]);
    return { y: { ...y, shape: [...(inputs['x'] as Value).shape.slice(0, -1), down.shape[0] as number] } };
  },
  backward: (gpu, inputs, _params, grads, variant) => {
    const order = productOrder(variant);
    const [gate, up, down] = (['gate', 'up', 'down'] as const).map((name) => inputs[name] as Value) as [Value, Value, Value];
    const { x, gated, raised, hidden } = layersOf(gpu, inputs, order);
    const dy = flatRows(grads['y'] as Value);
    const dhidden = multiply(gpu, order, [dy, down, false, false]);
    const dgated = zip(
      zip(dhidden, raised, (d, u) => gpu.mul(d, u)),
      gated,
      (d, g) => gpu.mul(d, slope(gpu, g)),
    );
    const draised = zip(dhidden, gated, (d, g) => gpu.mul(d, silu(gpu, g)));
    const part = multiply(gpu, order, [dgated, gate, false, false]);
    const dx = zip(multiply(gpu, order, [draised, up, false, false]), part, (a, b) => gpu.add(a, b));
    return {
      x: { ...dx, shape: (inputs['x'] as Value).shape },
      gate: multiply(gpu, order, [dgated, x, true, false]),
      up: multiply(gpu, order, [draised, x, true, false]),
      down: multiply(gpu, order, [dy, hidden, true, false]),
    };
  },
  samples: [swigluSample([5, 64], 37, 7), swigluSample([3, 4], 300, 5), swigluSample([64, 1], 1, 1)],
};
