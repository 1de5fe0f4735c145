import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  type QuantoProductParams,
  quantoMatmul as signature,
} from '../../vocabulary/matmul/quanto_matmul.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { multiplyDecoded } from '../quant/decoded-product.simulation.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { drawQuantoWeight } from './quanto_matmul.samples.ts';
import { type QuantoWeight, quantoParts } from './quanto_matmul.ts';

/** A weight as the loader decodes it. */
function decode(gpu: SimulatedGpu, weight: QuantoWeight, params: QuantoProductParams): Value {
  const at = quantoParts(weight, params);
  const shape = [params.out_features, params.in_features];
  return {
    shape,
    data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const { code, scale, shift } = at(i);
      return gpu.sub(gpu.mul(code, scale), shift);
    }),
  };
}

/** Terms of one sign, whose roundings add up, with shifts below zero. */
function sample(
  x: Shape,
  out: number,
  group_size: number,
  axis: 0 | -1 = 0,
): SampleOf<typeof signature> {
  const in_features = x.at(-1) as number;
  const params = { bits: 4, axis, group_size, out_features: out, in_features } as const;
  return {
    level: 'legal',
    label: { x: formatShape(x), out, group: group_size, axis },
    params,
    inputs: (random) => {
      const { shift, ...weight } = drawQuantoWeight(random, 'legal', out * in_features, params);
      return {
        x: filledTensor('f32', x, () => random.uniform()),
        ...weight,
        shift: hostTensorFrom(
          'f32',
          shift.shape,
          Float32Array.from(shift.data, (each) => -each),
        ),
      };
    },
  };
}

export const simulation = defineSimulation(signature, {
  ...multiplyDecoded(decode),
  samples: [
    sample([2, 32], 5, 32),
    sample([3, 1024], 33, 64),
    sample([2, 4096], 5, 128),
    sample([3, 1024], 33, 11, -1),
  ],
});
