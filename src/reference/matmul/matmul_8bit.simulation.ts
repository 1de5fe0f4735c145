import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import {
  type ByteCodes,
  type ByteProductParams,
  matmul8bit as signature,
} from '../../vocabulary/matmul/matmul_8bit.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { multiplyDecoded } from '../quant/decoded-product.simulation.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { drawByteWeight } from './matmul_8bit.samples.ts';
import { type ByteWeight, valuesAndScales } from './matmul_8bit.ts';

/** A weight as the loaders decode it. */
function decode(gpu: SimulatedGpu, weight: ByteWeight, params: ByteProductParams): Value {
  const at = valuesAndScales(weight, params);
  return {
    shape: [params.out_features, params.in_features],
    data: Float64Array.from(weight.q.data, (_, i) => {
      const { value, scale } = at(i);
      return gpu.mul(scale, value);
    }),
  };
}

/** Terms of one sign, whose roundings add up. */
function sample(
  x: Shape,
  out: number,
  blocksize: number,
  codes: ByteCodes,
): SampleOf<typeof signature> {
  const in_features = x.at(-1) as number;
  const shape = [out, in_features];
  return {
    level: 'legal',
    label: { x: formatShape(x), out, codes, block: blocksize },
    params: { codes, blocksize, out_features: out, in_features },
    inputs: (random) => {
      const { q, ...rest } = drawByteWeight(random, shape, { level: 'legal', codes, blocksize });
      return {
        x: filledTensor('f32', x, () => random.uniform()),
        q: hostTensorFrom(
          q.dtype,
          shape,
          Float64Array.from(q.data, (code) => Number(code) & 127),
        ),
        ...rest,
      };
    },
  };
}

export const simulation = defineSimulation(signature, {
  ...multiplyDecoded(decode),
  samples: [
    sample([2, 32], 5, 32, 'int8'),
    sample([3, 1024], 33, 64, 'map'),
    sample([2, 4096], 5, 4096, 'e4m3'),
  ],
});
