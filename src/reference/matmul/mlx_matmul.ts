import { packing } from '../../quant/packing/packing.ts';
import {
  type MlxProductParams,
  mlxMatmul as signature,
} from '../../vocabulary/matmul/mlx_matmul.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { type DecodedWeight, decodedProductBound } from '../quant/decoded-product.ts';
import { codingOf } from '../quant/mlx-coding.ts';
import { unpackWords } from '../quant/packed-words.ts';
import { exactly, type RangeArithmetic, rangesIn, reach } from '../quant/ranges.ts';
import type { Acceptance, Depth, RecordFault, Value } from '../record.ts';
import { samples } from './mlx_matmul.samples.ts';
import { product } from './product.ts';
import { flatRows } from './rows.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** Of what is known exactly. */
const EXACT: RangeArithmetic = {
  add: (a, b) => exactly(a.low + b.low),
  sub: (a, b) => exactly(a.low - b.low),
  mul: (a, b) => exactly(a.low * b.low),
  div: (a, b) => exactly(a.low / b.low),
};

/** The weight in float64, and how far what is decoded in float32 may be off. */
function weightOf(
  { packed, scales, biases }: Omit<Inputs, 'x'>,
  params: MlxProductParams,
): DecodedWeight {
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
  const legal = rangesIn('f32', false);
  const decode = (i: number, ops: RangeArithmetic) => {
    const g = Math.floor(i / group_size);
    return coding.decode(codes[i] as number, scale(g), bias(g), ops);
  };
  const data = Float64Array.from(codes, (_, i) => decode(i, EXACT).low);
  return {
    shape: [out_features, in_features],
    data,
    bound: data.map((y, i) => reach(decode(i, legal), y)),
  };
}

function times(x: Value, weight: Value, transposed: boolean): Value {
  const y = product(flatRows(x), weight, false, transposed);
  return { ...y, shape: [...x.shape.slice(0, -1), y.shape[1] as number] };
}

const boundOf = (x: Value, weight: DecodedWeight, transposed: boolean, depth: Depth): Acceptance =>
  decodedProductBound(flatRows(x), weight, transposed, depth);

const CODES = ['0u', 'BITS', '2u * BITS', '3u * BITS'] as const;

/** Decoding takes each code for its neighbour. */
function swapped(variant: string, file: string, direction: 'forward' | 'backward'): RecordFault {
  const [first, second, third, fourth] = CODES;
  const shifts = (order: readonly string[]) => `vec4u(codes) >> vec4u(${order.join(', ')})`;
  return {
    name: 'neighbouring codes swapped',
    direction,
    variants: [variant],
    shader: { file, from: shifts(CODES), to: shifts([second, first, fourth, third]) },
  };
}

/** mlx.core.quantized_matmul in float32. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes in groups along the rows, by MLX',
  forward: (inputs, params) => ({
    y: times(inputs.x, weightOf(inputs, params), params.transpose_weight),
  }),
  acceptance: (inputs, _outputs, params, { depth }) => ({
    y: boundOf(inputs.x, weightOf(inputs, params), params.transpose_weight, depth),
  }),
  vjp: (inputs, params, grads) => ({
    x: times(grads.y, weightOf(inputs, params), !params.transpose_weight),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => ({
    x: boundOf(grads.y, weightOf(inputs, params), !params.transpose_weight, depth),
  }),
  samples,
  faults: (['forward', 'backward'] as const).flatMap((direction) => [
    swapped('register', 'matmul/register', direction),
    swapped('subgroup', 'matmul/quad', direction),
    swapped('tiled', 'matmul/workgroup', direction),
  ]),
  plausibleBugs: [
    paramsBug('the other way round', (params) =>
      params.out_features === params.in_features
        ? { ...params, transpose_weight: !params.transpose_weight }
        : params,
    ),
    paramsBug('a power of two for a scale in e4m3', (params) =>
      params.mode === 'nvfp4' ? { ...params, mode: 'mxfp4' } : params,
    ),
    inputBug('a code one too high', 'packed', (word, i) => (i === 0 ? word ^ 1 : word)),
    inputBug('scales of the next group', 'scales', (_, i, { data }) =>
      Number(data[(i + 1) % data.length]),
    ),
    inputBug('biases lost', 'biases', () => 0),
    inputBug('biases wrong by 2e-5', 'biases', (bias) => bias * (1 + 2e-5)),
    inputBug('last term dropped', 'x', (x, i, { shape }) => {
      const terms = shape.at(-1) as number;
      return i % terms === terms - 1 ? 0 : x;
    }),
  ],
});
