import type { Tape } from '../../autograd/tape.ts';
import { present } from '../../graph/call.ts';
import { add } from '../../ops/math/add.ts';
import { mul } from '../../ops/math/mul.ts';
import { mlxMatmul } from '../../ops/matmul/mlx_matmul.ts';
import { decodeSmallFloat } from '../../ops/quant/decode_small_float.ts';
import { mlxQuantize } from '../../ops/quant/mlx_quantize.ts';
import { unpackCodes } from '../../ops/quant/unpack_codes.ts';
import { matrixView, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { MlxParams } from '../../vocabulary/quant/mlx_quantize.ts';
import type { CodedWeight, Coding, Parts } from '../coding.ts';
import { filedParts } from '../filed.ts';
import { type Choice, type Method, type Scheme, wholeRows } from '../method.ts';

/** Types of the elements and of the scales of a mode whose codes are floats. */
const FLOATS = {
  mxfp4: { element: 'e2m1', scale: 'e8m0' },
  mxfp8: { element: 'e4m3', scale: 'e8m0' },
  nvfp4: { element: 'e2m1', scale: 'e4m3' },
} as const;

/** mlx.core.quantize: each row in groups. */
export const methods: readonly Method[] = [
  {
    name: 'mlx',
    library: 'mlx',
    bits: [4, 2, 3, 5, 6, 8],
    groups: [64, 32, 128],
    make: (choice) => scheme('affine', choice),
  },
  {
    name: 'mxfp4',
    library: 'mlx',
    bits: [4],
    groups: [32],
    make: (choice) => scheme('mxfp4', choice),
  },
  {
    name: 'mxfp8',
    library: 'mlx',
    bits: [8],
    groups: [32],
    make: (choice) => scheme('mxfp8', choice),
  },
  {
    name: 'nvfp4',
    library: 'mlx',
    bits: [4],
    groups: [16],
    make: (choice) => scheme('nvfp4', choice),
  },
];

function scheme(mode: MlxParams['mode'], choice: Choice): Scheme {
  const bits = choice.bits as MlxParams['bits'];
  const group_size = choice.group as MlxParams['group_size'];
  const isAffine = mode === 'affine';
  const stored = {
    packed: 'weight',
    scales: 'scales',
    ...(isAffine ? { biases: 'biases' } : {}),
  };
  const coding: Coding = {
    name: isAffine ? 'mlx' : mode,
    decode: (tape, weight, layer) => {
      const codes = codesOf(tape, weight, { bits, group_size }, layer);
      const y = isAffine
        ? affine(tape, codes, weight, layer)
        : small(tape, codes, weight, mode, layer);
      return tape.view(y, weight.shape);
    },
    multiply: (tape, { shape, parts }, x, layer) => {
      const { packed, scales, biases } = parts as Parts<'packed' | 'scales'> & {
        readonly biases?: Tensor;
      };
      const [out_features, in_features] = matrixView(shape);
      const params = { mode, bits, group_size, out_features, in_features };
      const inputs = { x, packed, scales, ...(biases && { biases }) };
      return tape.apply(mlxMatmul, inputs, params, layer).y;
    },
  };
  return {
    ops: [
      'mlx_quantize',
      'unpack_codes',
      ...(isAffine ? ['mul', 'add'] : ['decode_small_float', 'mul']),
      'mlx_matmul',
    ],
    product: 'mlx_matmul, decoded in registers',
    refuses: wholeRows(group_size),
    rowsApart: () => true,
    parts: (shape, dtype = 'f32') => {
      const [rows, width] = matrixView(shape);
      const scales = [rows, width / group_size];
      return {
        packed: { dtype: 'i32', shape: [rows, (width * bits) / 32] },
        scales: { dtype: isAffine ? dtype : 'u8', shape: scales },
        ...(isAffine ? { biases: { dtype, shape: scales } } : {}),
      };
    },
    stored,
    filed: (parts) => filedParts(stored, parts, { packed: 'U32' }),
    quantize: (tape, weight, layer) => {
      const rows = tape.view(weight, matrixView(weight.shape));
      const params = { mode, bits, group_size };
      const { packed, scales, biases } = tape.apply(mlxQuantize, { weight: rows }, params, layer);
      return present({ packed, scales, biases });
    },
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}

/** The codes, a group a row. */
function codesOf(
  tape: Tape,
  { shape, parts }: CodedWeight,
  { bits, group_size }: Pick<MlxParams, 'bits' | 'group_size'>,
  layer: string,
): Tensor {
  const { packed } = parts as Parts<'packed'>;
  const matrix = [sizeOf(shape) / group_size, group_size];
  const params = { bits, order: 'stream', shape: matrix } as const;
  return tape.apply(unpackCodes, { packed }, params, `${layer}.unpack`).codes;
}

function affine(tape: Tape, codes: Tensor, { parts }: CodedWeight, layer: string): Tensor {
  const { scales, biases } = parts as Parts<'scales' | 'biases'>;
  const line = (x: Tensor) => tape.view(x, [x.size, 1]);
  const steps = tape.apply(mul, { a: codes, b: line(scales) }, {}, `${layer}.scale`).y;
  return tape.apply(add, { a: steps, b: line(biases) }, {}, `${layer}.bias`).y;
}

function small(
  tape: Tape,
  codes: Tensor,
  { parts }: CodedWeight,
  mode: keyof typeof FLOATS,
  layer: string,
): Tensor {
  const { scales } = parts as Parts<'scales'>;
  const { element, scale } = FLOATS[mode];
  const a = tape.apply(decodeSmallFloat, { codes }, { type: element }, `${layer}.elements`).y;
  const stored = { codes: tape.view(scales, [scales.size, 1]) };
  const b = tape.apply(decodeSmallFloat, stored, { type: scale }, `${layer}.scales`).y;
  return tape.apply(mul, { a, b }, {}, `${layer}.scale`).y;
}
