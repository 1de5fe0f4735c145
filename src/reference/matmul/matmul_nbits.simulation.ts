import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  type NbitsProductParams,
  matmulNbits as signature,
} from '../../vocabulary/matmul/matmul_nbits.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { multiplyDecoded } from '../quant/decoded-product.simulation.ts';
import { computedNbits, drawNbitsWeight, type NbitsWeight } from '../quant/nbits-weight.ts';

/** Terms of one sign, whose roundings add up: zero points of 0 leave no code below them. */
function sample(x: Shape, out: number, block_size: 16 | 128): SampleOf<typeof signature> {
  const in_features = x.at(-1) as number;
  const params = { bits: 4, block_size, out_features: out, in_features } as const;
  return {
    level: 'legal',
    label: { x: formatShape(x), out, block: block_size },
    params,
    inputs: (random) => {
      const scale = () => random.uniform(0.1, 2);
      const weight = drawNbitsWeight(random, params, { zeroPoints: 'codes', scale });
      const zeros = (weight.zero_points as NonNullable<typeof weight.zero_points>).shape;
      return {
        ...weight,
        zero_points: hostTensorFrom('u8', zeros, new Float64Array(sizeOf(zeros))),
        x: filledTensor('f32', x, () => random.uniform()),
      };
    },
  };
}

export const simulation = defineSimulation(signature, {
  ...multiplyDecoded<NbitsWeight, NbitsProductParams>(computedNbits),
  samples: [sample([2, 16], 5, 16), sample([3, 1029], 33, 16), sample([2, 4096], 5, 128)],
});
