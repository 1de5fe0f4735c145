import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { bytesOfTrits } from '../../quant/ternary/trit-packing.ts';
import { hostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { repeated } from '../../testing/normals.ts';
import { hqqMatmul } from '../../vocabulary/matmul/hqq_matmul.ts';
import { type ByteCodes, matmul8bit } from '../../vocabulary/matmul/matmul_8bit.ts';
import { matmulNbits } from '../../vocabulary/matmul/matmul_nbits.ts';
import { mlxMatmul } from '../../vocabulary/matmul/mlx_matmul.ts';
import { quantoMatmul } from '../../vocabulary/matmul/quanto_matmul.ts';
import { HQQ_WORDS, type HqqBits } from '../../vocabulary/quant/hqq_quantize.ts';
import type { MlxParams } from '../../vocabulary/quant/mlx_quantize.ts';
import { ternaryMatmul } from '../../vocabulary/quant/ternary_matmul.ts';
import { linearInFloats, type Operand, operand, opWork } from '../op-work.ts';
import { drawPackedTrits, drawTritsOfBase3 } from '../packed-trits.ts';
import type { OpWork } from '../work.ts';

const FEATURES = 1024;
const ELEMENTS = FEATURES * FEATURES;

const inGroup = (rows: number) =>
  ({
    group: 'products by format',
    subgroup: `m=${rows}`,
    inFloats: linearInFloats(rows, FEATURES, FEATURES),
  }) as const;

/** Any bits of a mask: time does not depend on them. */
const words32 = (mask: number) => (random: Random, shape: Shape) => {
  const byte = () => random.integer(0, 255);
  return hostTensor(
    'i32',
    shape,
    Int32Array.from(
      { length: sizeOf(shape) },
      () => [0, 8, 16, 24].reduce((word, shift) => word | (byte() << shift), 0) & mask,
    ),
  );
};

/** Without bytes of e4m3 that are no number. */
const FOUR_BYTES = words32(0xbfbfbfbf);
/** Codes of HQQ's of 3 bits, ten a word. */
const TEN_CODES = words32(0x3fffffff);

const floats = (random: Random, shape: Shape) =>
  repeated(random, shape, () => random.uniform(0.25, 4));

const bytes = (random: Random, shape: Shape) =>
  hostTensor(
    'u8',
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, () => random.integer(56, 72)),
  );

const signedBytes = (random: Random, shape: Shape) =>
  hostTensor(
    'i8',
    shape,
    Int8Array.from({ length: sizeOf(shape) }, () => random.integer(-127, 127)),
  );

/** y = x W^T of so many rows with a weight in one of MLX's formats. */
function mlx(rows: number, format: MlxParams): OpWork {
  const { mode, bits, group_size: block } = format;
  const groups = [FEATURES, FEATURES / block];
  const scales: Record<string, Operand> =
    mode === 'affine'
      ? { scales: operand(groups, 'f32', floats), biases: operand(groups, 'f32', floats) }
      : { scales: operand(groups, 'u8', bytes) };
  return opWork({
    op: mlxMatmul,
    dtype: mode === 'affine' ? `affine${bits}` : mode,
    sizes: { m: rows, n: FEATURES, k: FEATURES, block },
    ...inGroup(rows),
    flops: 2 * rows * ELEMENTS,
    params: { ...format, out_features: FEATURES, in_features: FEATURES },
    inputs: {
      x: [rows, FEATURES],
      packed: operand([FEATURES, (FEATURES * bits) / 32], 'i32', FOUR_BYTES),
      ...scales,
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** The same with a weight of HQQ's in groups of 64. */
function hqq(rows: number, nbits: HqqBits, axis: 0 | 1 = 1): OpWork {
  const block = 64;
  const groups = ELEMENTS / block;
  const words = HQQ_WORDS[nbits];
  const packed =
    axis === 1 ? [Math.ceil(groups / words.rows), block] : [Math.ceil(block / words.rows), groups];
  return opWork({
    op: hqqMatmul,
    dtype: `hqq${nbits}`,
    sizes: { m: rows, n: FEATURES, k: FEATURES, block, ...(axis === 0 ? { axis } : {}) },
    ...inGroup(rows),
    flops: 2 * rows * ELEMENTS,
    params: { nbits, axis, group_size: block, out_features: FEATURES, in_features: FEATURES },
    inputs: {
      x: [rows, FEATURES],
      packed: operand(packed, words.dtype, words.dtype === 'i32' ? TEN_CODES : bytes),
      scale: operand(axis === 1 ? [groups, 1] : [1, groups], 'f32', floats),
      zero: operand(axis === 1 ? [groups, 1] : [1, groups], 'f32', floats),
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** The same with a weight of Quanto's in groups of 128, of rows or of columns. */
function quanto(rows: number, bits: 4 | 2, axis: 0 | -1 = 0): OpWork {
  const block = 128;
  const groups = ELEMENTS / block;
  const line = axis === 0 ? [groups, 1] : [1, groups];
  const packed = axis === 0 ? [(groups * bits) / 8, block] : [(block * bits) / 8, groups];
  return opWork({
    op: quantoMatmul,
    dtype: `quanto${bits}`,
    sizes: { m: rows, n: FEATURES, k: FEATURES, block, ...(axis === 0 ? {} : { axis }) },
    ...inGroup(rows),
    flops: 2 * rows * ELEMENTS,
    params: { bits, axis, group_size: block, out_features: FEATURES, in_features: FEATURES },
    inputs: {
      x: [rows, FEATURES],
      packed: operand(packed, 'u8', bytes),
      scale: operand(line, 'f32', floats),
      shift: operand(line, 'f32', floats),
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** The same with a weight for ONNX Runtime's MatMulNBits, with zero points or without. */
function nbits(rows: number, bits: NbitsFormat['bits'], isSymmetric = false): OpWork {
  const format: NbitsFormat = { bits, block_size: 32 };
  const { blocks, blockBytes, zeroBytes } = rowLayout(FEATURES, format);
  return opWork({
    op: matmulNbits,
    dtype: `nbits${bits}`,
    sizes: {
      ...{ m: rows, n: FEATURES, k: FEATURES, block: format.block_size },
      ...(isSymmetric ? { zero: 'middle' } : {}),
    },
    ...inGroup(rows),
    flops: 2 * rows * ELEMENTS,
    params: { ...format, out_features: FEATURES, in_features: FEATURES },
    inputs: {
      x: [rows, FEATURES],
      packed: operand([FEATURES, blocks, blockBytes], 'u8', bytes),
      scales: operand([FEATURES, blocks], 'f32', floats),
      ...(isSymmetric ? {} : { zero_points: operand([FEATURES, zeroBytes], 'u8', bytes) }),
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** The same with codes of 8 bits and a scale for so many elements, and a zero point of uint8. */
function eightBit(rows: number, codes: ByteCodes, block: number, axis: 0 | -1 = 0): OpWork {
  const dtype = codes === 'int8' ? 'i8' : 'u8';
  const blocks = [ELEMENTS / block];
  const map = () => hostTensor('f32', [256], createDynamicMap(true));
  return opWork({
    op: matmul8bit,
    dtype: codes,
    sizes: { m: rows, n: FEATURES, k: FEATURES, block, ...(axis === 0 ? {} : { axis }) },
    ...inGroup(rows),
    flops: 2 * rows * ELEMENTS,
    params: { codes, axis, blocksize: block, out_features: FEATURES, in_features: FEATURES },
    inputs: {
      x: [rows, FEATURES],
      q: operand([FEATURES, FEATURES], dtype, dtype === 'i8' ? signedBytes : bytes),
      scale: operand(blocks, 'f32', floats),
      ...(codes === 'uint8' ? { zero_point: operand(blocks, dtype, bytes) } : {}),
      ...(codes === 'map' ? { code: operand([256], 'f32', map) } : {}),
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** The same with trits, four a byte or five, and one scale. */
function ternary(rows: number, order: 'low' | 'base3' = 'low'): OpWork {
  return opWork({
    op: ternaryMatmul,
    dtype: 'ternary',
    sizes: { m: rows, n: FEATURES, k: FEATURES, ...(order === 'low' ? {} : { order }) },
    ...inGroup(rows),
    flops: 2 * rows * ELEMENTS,
    params: { out_features: FEATURES, order },
    inputs: {
      x: [rows, FEATURES],
      packed: operand(
        [bytesOfTrits(ELEMENTS, order)],
        'u8',
        order === 'low' ? drawPackedTrits : drawTritsOfBase3,
      ),
      scale: operand([1], 'f32', floats),
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** Codes of 8 bits as the quantizers keep them: a scale for each output, or for a block. */
const EIGHT_BITS: readonly (readonly [ByteCodes, number])[] = [
  ['int8', FEATURES],
  ['uint8', FEATURES],
  ['uint8', 64],
  ['map', 4096],
  ['e4m3', FEATURES],
  ['e4m3fnuz', FEATURES],
  ['e5m2', FEATURES],
];

const FORMATS: readonly MlxParams[] = [
  ...([2, 3, 4, 5, 6, 8] as const).map(
    (bits) => ({ mode: 'affine', bits, group_size: 64 }) as const,
  ),
  { mode: 'mxfp4', bits: 4, group_size: 32 },
  { mode: 'mxfp8', bits: 8, group_size: 32 },
  { mode: 'nvfp4', bits: 4, group_size: 16 },
];

/** Products with a weight in each format, of one row and of many, with trits of some more. */
export const works: readonly OpWork[] = [
  ...[8, 512].map((rows) => ternary(rows)),
  ...[1, 64].flatMap((rows) => [
    ...FORMATS.map((format) => mlx(rows, format)),
    ...([8, 4, 3, 2, 1] as const).map((bits) => hqq(rows, bits)),
    ...([8, 4, 3, 2, 1] as const).map((bits) => hqq(rows, bits, 0)),
    ...([4, 2] as const).map((bits) => quanto(rows, bits)),
    ...([4, 2] as const).map((bits) => quanto(rows, bits, -1)),
    ...([4, 8, 2] as const).map((bits) => nbits(rows, bits)),
    nbits(rows, 4, true),
    ...EIGHT_BITS.map(([codes, block]) => eightBit(rows, codes, block)),
    eightBit(rows, 'int8', FEATURES, -1),
    ternary(rows),
    ternary(rows, 'base3'),
  ]),
];
