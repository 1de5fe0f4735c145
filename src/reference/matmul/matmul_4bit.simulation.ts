import { decoded, type QuantizedWeight } from '../../quant/weight.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { matmul4bit as signature } from '../../vocabulary/matmul/matmul_4bit.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor } from '../simulation/draw.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { SumOrder } from '../simulation/sums.ts';
import { drawWeight, quantizedWeight } from './matmul_4bit.ts';
import { multiply } from './multiply.simulation.ts';

/** A weight as the kernels decode it: a product of the code's value and its scale. */
export function decode(gpu: SimulatedGpu, weight: QuantizedWeight<Value>): Value {
  return { shape: weight.shape, data: decoded(weight, (value, scale) => gpu.mul(value, scale)) };
}

/**
 * Eight terms at a time by rows of the weight; by its columns one at a time, or four where a quad
 * shares them.
 */
export function fourBitOrder(variant: string, transposed: boolean): SumOrder {
  if (transposed) return 'octets';
  return variant === 'subgroup' ? 'quads' : 'chain';
}

/** x W^T (transposed), or x W. */
export function multiplyQuantized(
  gpu: SimulatedGpu,
  x: Value,
  weight: QuantizedWeight<Value>,
  transposed: boolean,
  variant: string,
): Value {
  const last = x.shape.at(-1) as number;
  const rows = { ...x, shape: [x.data.length / last, last] };
  const y = multiply(gpu, fourBitOrder(variant, transposed), [
    rows,
    decode(gpu, weight),
    false,
    transposed,
  ]);
  return { ...y, shape: [...x.shape.slice(0, -1), y.shape[1] as number] };
}

function sample(x: Shape, out_features: number, blocksize: number): SampleOf<typeof signature> {
  const in_features = x.at(-1) as number;
  const params = { quant_type: 'nf4', blocksize, out_features, in_features } as const;
  return {
    level: 'legal',
    label: { x: formatShape(x), out: out_features, block: blocksize },
    params,
    inputs: (random) => ({
      x: drawTensor(random, x),
      ...drawWeight(random, 'legal', { ...params, elements: out_features * in_features }),
    }),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const weight = quantizedWeight(inputs, params);
    return { y: multiplyQuantized(gpu, inputs.x, weight, params.transpose_weight, variant) };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const weight = quantizedWeight(inputs, params);
    return { x: multiplyQuantized(gpu, grads.y, weight, !params.transpose_weight, variant) };
  },
  samples: [sample([3, 1024], 33, 64), sample([2, 4096], 5, 4096)],
});
