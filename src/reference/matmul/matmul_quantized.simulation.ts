import type { BlockFormat } from '../../quant/format.ts';
import { formatsBoundTo } from '../../quant/registry.ts';
import { decoded, type QuantizedWeight } from '../../quant/weight.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import {
  type QuantizedProduct,
  quantizedProducts,
} from '../../vocabulary/matmul/matmul_quantized.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor } from '../simulation/draw.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { drawWeight } from './matmul_quantized.samples.ts';
import { quantizedWeight } from './matmul_quantized.ts';
import { multiply, PRODUCT_ORDER } from './multiply.simulation.ts';

/** A weight as the kernels decode it: a product of the code's value and its scale. */
export function decode(gpu: SimulatedGpu, weight: QuantizedWeight<Value>): Value {
  return { shape: weight.shape, data: decoded(weight, (value, scale) => gpu.mul(value, scale)) };
}

/** x W^T (transposed), or x W. */
export function multiplyQuantized(
  gpu: SimulatedGpu,
  x: Value,
  weight: QuantizedWeight<Value>,
  transposed: boolean,
): Value {
  const last = x.shape.at(-1) as number;
  const rows = { ...x, shape: [x.data.length / last, last] };
  const y = multiply(gpu, PRODUCT_ORDER, [rows, decode(gpu, weight), false, transposed]);
  return { ...y, shape: [...x.shape.slice(0, -1), y.shape[1] as number] };
}

export const simulations = Array.from(quantizedProducts, ([op, signature]) =>
  defineSimulation(signature, {
    forward: (gpu, inputs, params) => {
      const weight = quantizedWeight(inputs, params);
      return { y: multiplyQuantized(gpu, inputs.x, weight, params.transpose_weight) };
    },
    backward: (gpu, inputs, params, grads) => {
      const weight = quantizedWeight(inputs, params);
      return { x: multiplyQuantized(gpu, grads.y, weight, !params.transpose_weight) };
    },
    samples: samplesFor(formatsBoundTo('multiply', op)),
  }),
);

/** Long sums, with blocks as they are usual and as large as they get, in the last of the formats. */
function samplesFor(formats: readonly BlockFormat[]): readonly SampleOf<QuantizedProduct>[] {
  return formats.slice(-1).flatMap(({ name, blocks }) => {
    const [usual, largest] =
      blocks === 'row' ? [1024, 4096] : [blocks.usual, Math.max(...blocks.sizes)];
    return [sample(name, [3, 1024], 33, usual), sample(name, [2, 4096], 5, largest)];
  });
}

function sample(
  quant_type: string,
  x: Shape,
  out_features: number,
  blocksize: number,
): SampleOf<QuantizedProduct> {
  const in_features = x.at(-1) as number;
  const params = { quant_type, blocksize, out_features, in_features };
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
