import { swigluMlp as signature } from '../../vocabulary/nn/swiglu_mlp.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';
import { multiply, PRODUCT_ORDER } from '../matmul/multiply.simulation.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { silu, slope } from './silu.simulation.ts';
import { swigluSample } from './swiglu_mlp.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** Element by element. */
function zip(a: Value, b: Value, f: (x: number, y: number) => number): Value {
  return { ...a, data: a.data.map((x, i) => f(x, b.data[i] as number)) };
}

function layersOf(gpu: SimulatedGpu, inputs: Inputs) {
  const x = flatRows(inputs.x);
  const gated = multiply(gpu, PRODUCT_ORDER, [x, inputs.gate, false, true]);
  const raised = multiply(gpu, PRODUCT_ORDER, [x, inputs.up, false, true]);
  return { x, gated, raised, hidden: zip(gated, raised, (g, u) => gpu.mul(silu(gpu, g), u)) };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs) => {
    const { x, down } = inputs;
    const y = multiply(gpu, PRODUCT_ORDER, [layersOf(gpu, inputs).hidden, down, false, true]);
    return { y: { ...y, shape: [...x.shape.slice(0, -1), down.shape[0] as number] } };
  },
  backward: (gpu, inputs, _params, grads) => {
    const { gate, up, down } = inputs;
    const { x, gated, raised, hidden } = layersOf(gpu, inputs);
    const dy = flatRows(grads.y);
    const dhidden = multiply(gpu, PRODUCT_ORDER, [dy, down, false, false]);
    const dgated = zip(
      zip(dhidden, raised, (d, u) => gpu.mul(d, u)),
      gated,
      (d, g) => gpu.mul(d, slope(gpu, g)),
    );
    const draised = zip(dhidden, gated, (d, g) => gpu.mul(d, silu(gpu, g)));
    const part = multiply(gpu, PRODUCT_ORDER, [dgated, gate, false, false]);
    const dx = zip(multiply(gpu, PRODUCT_ORDER, [draised, up, false, false]), part, (a, b) =>
      gpu.add(a, b),
    );
    return {
      x: { ...dx, shape: inputs.x.shape },
      gate: multiply(gpu, PRODUCT_ORDER, [dgated, x, true, false]),
      up: multiply(gpu, PRODUCT_ORDER, [draised, x, true, false]),
      down: multiply(gpu, PRODUCT_ORDER, [dy, hidden, true, false]),
    };
  },
  samples: [
    swigluSample([5, 64], 37, 7),
    swigluSample([3, 4], 300, 5),
    swigluSample([64, 1], 1, 1),
  ],
});
