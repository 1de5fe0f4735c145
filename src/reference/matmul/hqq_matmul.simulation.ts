import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import {
  type HqqProductParams,
  hqqMatmul as signature,
} from '../../vocabulary/matmul/hqq_matmul.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { multiplyDecoded } from '../quant/decoded-product.simulation.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { drawHqqWeight } from './hqq_matmul.samples.ts';
import { hqqCodes, hqqGroupOf } from './hqq_matmul.ts';

/** A weight as the loader decodes it. */
function decode(
  gpu: SimulatedGpu,
  weight: Omit<InputsOf<typeof signature, Value>, 'x'>,
  params: HqqProductParams,
): Value {
  const groupOf = hqqGroupOf(params);
  const at = ({ data }: Value, i: number) => data[groupOf(i)] as number;
  return {
    shape: [params.out_features, params.in_features],
    data: hqqCodes(weight, params).map((code, i) =>
      gpu.mul(gpu.sub(code, at(weight.zero, i)), at(weight.scale, i)),
    ),
  };
}

/** Terms of one sign, whose roundings add up, with zeros below every code. */
function sample(x: Shape, out: number, group_size: number): SampleOf<typeof signature> {
  const in_features = x.at(-1) as number;
  const params = { nbits: 4, axis: 1, group_size, out_features: out, in_features } as const;
  return {
    level: 'legal',
    label: { x: formatShape(x), out, group: group_size },
    params,
    inputs: (random) => {
      const { zero, ...weight } = drawHqqWeight(random, 'legal', out * in_features, params);
      return {
        x: filledTensor('f32', x, () => random.uniform()),
        ...weight,
        zero: hostTensorFrom(
          'f32',
          zero.shape,
          Float32Array.from(zero.data, (z) => -z),
        ),
      };
    },
  };
}

export const simulation = defineSimulation(signature, {
  ...multiplyDecoded(decode),
  samples: [sample([2, 32], 5, 32), sample([3, 1024], 33, 64), sample([2, 4096], 5, 128)],
});
