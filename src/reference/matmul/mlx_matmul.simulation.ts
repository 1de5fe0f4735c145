import { packing } from '../../quant/packing/packing.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import {
  type MlxProductParams,
  mlxMatmul as signature,
} from '../../vocabulary/matmul/mlx_matmul.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { multiplyDecoded } from '../quant/decoded-product.simulation.ts';
import { codingOf } from '../quant/mlx-coding.ts';
import { unpackWords } from '../quant/packed-words.ts';
import { exactly, rangesIn } from '../quant/ranges.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { drawMlxWeight } from './mlx_matmul.samples.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** A weight as the loader decodes it. */
function decode(
  gpu: SimulatedGpu,
  { packed, scales, biases }: Omit<Inputs, 'x'>,
  params: MlxProductParams,
): Value {
  const { mode, bits, group_size, out_features, in_features } = params;
  const coding = codingOf(params);
  const codes = unpackWords(packed.data, out_features * in_features, packing(bits));
  const data = Float64Array.from(codes, (code, i) => {
    const g = Math.floor(i / group_size);
    const scale = scales.data[g] as number;
    if (mode === 'affine') return gpu.mulAdd(code, scale, biases?.data[g] ?? 0);
    const ops = rangesIn('f32', true);
    const element = coding.decode(code, exactly(1), 0, ops).low;
    return gpu.mul(element, coding.stored({ scale, bias: 0 }, 'f32', true).low);
  });
  return { shape: [out_features, in_features], data };
}

const positive = ({ shape, data }: HostTensor): HostTensor =>
  hostTensorFrom('f32', shape, Float32Array.from(data, Math.abs));

/** Terms of one sign, whose roundings add up. */
function sample(x: Shape, out: number, group_size: 32 | 128): SampleOf<typeof signature> {
  const in_features = x.at(-1) as number;
  return {
    level: 'legal',
    label: { x: formatShape(x), out, group: group_size },
    params: { group_size, out_features: out, in_features },
    inputs: (random) => {
      const shape = [out, in_features] as const;
      const { packed, scales, biases } = drawMlxWeight(random, 'legal', shape, { group_size });
      return {
        x: filledTensor('f32', x, () => random.uniform()),
        packed,
        scales: positive(scales),
        ...(biases && { biases: positive(biases) }),
      };
    },
  };
}

export const simulation = defineSimulation(signature, {
  ...multiplyDecoded(decode),
  samples: [sample([2, 32], 5, 32), sample([3, 1024], 33, 32), sample([2, 4096], 5, 128)],
});
