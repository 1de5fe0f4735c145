import type { Tape } from '../../autograd/tape.ts';
import { sub } from '../../ops/math/sub.ts';
import { quantoMatmul } from '../../ops/matmul/quanto_matmul.ts';
import { decodeSmallFloat } from '../../ops/quant/decode_small_float.ts';
import { quantoQuantize } from '../../ops/quant/quanto_quantize.ts';
import { unpackCodes } from '../../ops/quant/unpack_codes.ts';
import { matrixView, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { QuantoParams } from '../../vocabulary/quant/quanto_quantize.ts';
import { byteProduct } from '../byte-product.ts';
import { type CodedWeight, type Coding, type Parts, scaled } from '../coding.ts';
import { filedParts } from '../filed.ts';
import { type Choice, type Method, type Scheme, wholeRows, widthOf } from '../method.ts';

/** optimum-quanto's quantize_weight along the outputs. */
export const methods: readonly Method[] = [
  {
    name: 'quanto_int8',
    library: 'optimum-quanto',
    bits: [8],
    groups: ['channel'],
    make: () => wholeBytes('qint8'),
  },
  {
    name: 'quanto_float8',
    library: 'optimum-quanto',
    bits: [8],
    groups: ['channel'],
    make: () => wholeBytes('qfloat8_e4m3fn'),
  },
  {
    name: 'quanto_int',
    library: 'optimum-quanto',
    bits: [4, 2],
    groups: [128, 'channel', 32, 64],
    make: affine,
  },
];

/** Codes of 8 bits with a scale for each output. */
function wholeBytes(qtype: 'qint8' | 'qfloat8_e4m3fn'): Scheme {
  const isFloat = qtype !== 'qint8';
  const stored = { q: 'weight._data', scale: 'weight._scale' };
  const coding: Coding = {
    name: isFloat ? 'quanto_float8' : 'quanto_int8',
    decode: (tape, { shape, parts }, layer) => {
      const { q, scale } = parts as Parts<'q' | 'scale'>;
      const type = { type: 'e4m3' } as const;
      const a = isFloat
        ? tape.apply(decodeSmallFloat, { codes: q }, type, `${layer}.elements`).y
        : q;
      return scaled(tape, a, scale, shape, layer);
    },
    multiply: (tape, { shape, parts }, x, layer) => {
      const codes = isFloat ? 'e4m3' : 'int8';
      const blocksize = widthOf(shape);
      const inputs = parts as Parts<'q' | 'scale'>;
      return byteProduct(tape, inputs, { codes, blocksize, shape }, x, layer);
    },
  };
  return {
    ops: ['quanto_quantize', ...(isFloat ? ['decode_small_float'] : []), 'mul', 'matmul_8bit'],
    product: 'matmul_8bit, decoded in registers',
    rowsApart: () => true,
    parts: (shape) => ({
      q: { dtype: isFloat ? 'u8' : 'i8', shape: matrixView(shape) },
      scale: { dtype: 'f32', shape: [matrixView(shape)[0], 1] },
    }),
    stored,
    ...(isFloat ? { filed: (parts) => filedParts(stored, parts, { q: 'F8_E4M3' }) } : {}),
    quantize: (tape, weight, layer) => {
      const { q, scale } = quantized(tape, weight, { qtype, axis: 0 }, layer);
      return { q, scale };
    },
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}

/** Codes of 4 or 2 bits with scale and shift for each output, or for each group of it. */
function affine({ bits, group }: Choice): Scheme {
  const qtype = bits === 4 ? 'qint4' : 'qint2';
  const matrixOf = (shape: Shape) =>
    typeof group === 'number' ? [sizeOf(shape) / group, group] : matrixView(shape);
  const coding: Coding = {
    name: 'quanto_int',
    decode: (tape, weight, layer) => decodedAffine(tape, weight, { bits, matrixOf }, layer),
  };
  const multiply: Coding['multiply'] = (tape, { shape, parts }, x, layer) => {
    const inputs = { x, ...(parts as Parts<'packed' | 'scale' | 'shift'>) };
    const [out_features, in_features] = matrixView(shape);
    const group_size = typeof group === 'number' ? group : in_features;
    const params = { bits: bits as 4 | 2, group_size, out_features, in_features };
    return tape.apply(quantoMatmul, inputs, params, layer).y;
  };
  return {
    ops: ['quanto_quantize', 'unpack_codes', 'mul', 'sub', 'quanto_matmul'],
    product: 'quanto_matmul, decoded in registers',
    ...(typeof group === 'number' ? { refuses: wholeRows(group) } : {}),
    parts: (shape) => {
      const [rows, width] = matrixOf(shape) as [number, number];
      const line = { dtype: 'f32', shape: [rows, 1] } as const;
      const packed = [Math.ceil((rows * bits) / 8), width];
      return { packed: { dtype: 'u8', shape: packed }, scale: line, shift: line };
    },
    stored: { packed: 'weight._data._data', scale: 'weight._scale', shift: 'weight._shift' },
    quantize: (tape, weight, layer) => {
      const params = { qtype, axis: 0, group_size: typeof group === 'number' ? group : undefined };
      const { packed, scale, shift } = quantized(tape, weight, params as QuantoParams, layer);
      return { packed, scale, shift };
    },
    weight: (parts, shape) => {
      // Of lines that are no whole fours the decoded weight is multiplied.
      const format = widthOf(shape) % 4 === 0 ? { ...coding, multiply } : coding;
      return { format, shape, parts };
    },
  };
}

/** All that the op gives of a weight as a matrix. */
function quantized(tape: Tape, weight: Tensor, params: QuantoParams, layer: string) {
  const rows = tape.view(weight, matrixView(weight.shape));
  const made = tape.apply(quantoQuantize, { weight: rows }, params, layer);
  return made as Parts<'packed' | 'q' | 'scale' | 'shift'>;
}

function decodedAffine(
  tape: Tape,
  { shape, parts }: CodedWeight,
  { bits, matrixOf }: { readonly bits: number; readonly matrixOf: (shape: Shape) => Shape },
  layer: string,
): Tensor {
  const { packed, scale, shift } = parts as Parts<'packed' | 'scale' | 'shift'>;
  const matrix = matrixOf(shape);
  const params = { bits: bits as 4 | 2, order: 'low', shape: matrix } as const;
  const { codes } = tape.apply(unpackCodes, { packed }, params, `${layer}.unpack`);
  const steps = scaled(tape, codes, scale, matrix, layer);
  return tape.view(tape.apply(sub, { a: steps, b: shift }, {}, `${layer}.shift`).y, shape);
}
