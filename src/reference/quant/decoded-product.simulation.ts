import { multiply, PRODUCT_ORDER } from '../matmul/multiply.simulation.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

function times(gpu: SimulatedGpu, x: Value, weight: Value, transposed: boolean): Value {
  const y = multiply(gpu, PRODUCT_ORDER, [flatRows(x), weight, false, transposed]);
  return { ...y, shape: [...x.shape.slice(0, -1), y.shape[1] as number] };
}

/** y = x W^T, or x W, and the gradient of x, by what a loader decodes a weight to. */
export function multiplyDecoded<Weight, Params extends { readonly transpose_weight: boolean }>(
  decode: (gpu: SimulatedGpu, weight: Weight, params: Params) => Value,
) {
  type Inputs = Weight & { readonly x: Value };
  return {
    forward: (gpu: SimulatedGpu, inputs: Inputs, params: Params) => ({
      y: times(gpu, inputs.x, decode(gpu, inputs, params), params.transpose_weight),
    }),
    backward: (
      gpu: SimulatedGpu,
      inputs: Inputs,
      params: Params,
      grads: { readonly y: Value },
    ) => ({ x: times(gpu, grads.y, decode(gpu, inputs, params), !params.transpose_weight) }),
  };
}
