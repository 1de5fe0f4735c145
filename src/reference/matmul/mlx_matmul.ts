import { packing } from '../../quant/packing/packing.ts';
import {
  type MlxProductParams,
  mlxMatmul as signature,
} from '../../vocabulary/matmul/mlx_matmul.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, lastTermDropped, nextScales, paramsBug } from '../plausible-bug.ts';
import {
  type DecodedWeight,
  decodedProductOf,
  decodedWeight,
  groupsFaults,
  transposed,
} from '../quant/decoded-product.ts';
import { codingOf } from '../quant/mlx-coding.ts';
import { unpackWords } from '../quant/packed-words.ts';
import { exactly } from '../quant/ranges.ts';
import type { Value } from '../record.ts';
import { samples } from './mlx_matmul.samples.ts';

type Weight = Omit<InputsOf<typeof signature, Value>, 'x'>;

/** The weight in float64, and how far what is decoded in float32 may be off. */
function weightOf({ packed, scales, biases }: Weight, params: MlxProductParams): DecodedWeight {
  const { mode, bits, group_size, out_features, in_features } = params;
  const coding = codingOf(params);
  const codes = unpackWords(packed.data, out_features * in_features, packing(bits));
  const bias = (g: number) => biases?.data[g] ?? 0;
  const scale = (g: number) => {
    const given = scales.data[g] as number;
    return mode === 'affine'
      ? exactly(given)
      : coding.stored({ scale: given, bias: 0 }, 'f32', true);
  };
  return decodedWeight([out_features, in_features], (i, ops) => {
    const g = Math.floor(i / group_size);
    return coding.decode(codes[i] as number, scale(g), bias(g), ops);
  });
}

/** mlx.core.quantized_matmul in float32. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes in groups along the rows, by MLX',
  unsupported: (inputs, params) => {
    const { dtype } = inputs.scales;
    const isAffine = params.mode === 'affine';
    if (dtype !== undefined && isAffine === (dtype === 'u8'))
      return `scales of ${params.mode} that are stored as ${dtype}`;
    return isAffine || weightOf(inputs, params).data.every(Number.isFinite)
      ? undefined
      : `codes or scales of ${params.mode} that stand for no number`;
  },
  ...decodedProductOf(weightOf),
  samples,
  faults: groupsFaults(),
  plausibleBugs: [
    paramsBug('the other way round', transposed),
    paramsBug('a power of two for a scale in e4m3', (params) =>
      params.mode === 'nvfp4' ? { ...params, mode: 'mxfp4' } : params,
    ),
    inputBug('a code one too high', 'packed', (word, i) => (i === 0 ? word ^ 1 : word)),
    nextScales('scales of the next group', 'scales'),
    inputBug('biases lost', 'biases', () => 0),
    inputBug('biases wrong by 2e-5', 'biases', (bias) => bias * (1 + 2e-5)),
    lastTermDropped(),
  ],
});
