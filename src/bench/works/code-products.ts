import { hostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { repeated } from '../../testing/normals.ts';
import { bitnetLinear } from '../../vocabulary/quant/bitnet_linear.ts';
import { int8Linear } from '../../vocabulary/quant/int8_linear.ts';
import { matmul8bitLt } from '../../vocabulary/quant/matmul_8bit_lt.ts';
import { quantoLinear } from '../../vocabulary/quant/quanto_linear.ts';
import { operand, opWork } from '../op-work.ts';
import { drawPackedTrits } from '../packed-trits.ts';
import type { OpWork } from '../work.ts';

/** Of both sides, so that products stand beside those of matmul and matmul_4bit. */
const FEATURES = 1024;
const ELEMENTS = FEATURES * FEATURES;

const codes = (random: Random, shape: Shape) =>
  hostTensor(
    'i8',
    shape,
    Int8Array.from({ length: sizeOf(shape) }, () => random.integer(-127, 127)),
  );
const scales = (random: Random, shape: Shape) =>
  repeated(random, shape, () => random.uniform(0.01, 0.1));
const bytes = (shape: Shape) => operand(shape, 'i8', codes);
const floats = (shape: Shape) => operand(shape, 'f32', scales);

/** y = x W^T with a weight as LLM.int8 keeps it, and the gradient of x where it is wanted. */
function outliersApart(rows: number, wants?: readonly string[]): OpWork {
  return opWork({
    op: matmul8bitLt,
    sizes: { m: rows, n: FEATURES, k: FEATURES },
    group: 'products by format',
    flops: (wants ? 4 : 2) * rows * ELEMENTS,
    params: { threshold: 6 },
    inputs: {
      x: [rows, FEATURES],
      q_weight: bytes([FEATURES, FEATURES]),
      weight_stats: floats([FEATURES]),
    },
    gives: { y: [rows, FEATURES] },
    ...(wants && { wants }),
  });
}

/** Codes times codes with zero points on both sides: scales of x known before, or of each row. */
function ofCodes(rows: number, scale: 'static' | 'dynamic'): OpWork {
  const of = [scale === 'static' ? 1 : rows];
  return opWork({
    op: int8Linear,
    dtype: 'int8',
    sizes: { m: rows, n: FEATURES, k: FEATURES, scale },
    group: 'products by format',
    flops: 2 * rows * ELEMENTS,
    inputs: {
      ...{ x: bytes([rows, FEATURES]), weight: bytes([FEATURES, FEATURES]) },
      ...{ x_scale: floats(of), weight_scale: floats([FEATURES]) },
      ...{ x_zero_point: bytes(of), weight_zero_point: bytes([FEATURES]) },
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** Trits, four a byte, and x, which is quantized by rows on the way. */
function bitnet(rows: number): OpWork {
  return opWork({
    op: bitnetLinear,
    dtype: 'ternary',
    sizes: { m: rows, n: FEATURES, k: FEATURES },
    group: 'products by format',
    flops: 2 * rows * ELEMENTS,
    params: { out_features: FEATURES },
    inputs: {
      x: [rows, FEATURES],
      packed: operand([ELEMENTS / 4], 'u8', drawPackedTrits),
      scale: floats([1]),
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** A weight of Quanto's, and x, which is quantized by a scale known before. */
function quanto(rows: number): OpWork {
  return opWork({
    op: quantoLinear,
    dtype: 'int8',
    sizes: { m: rows, n: FEATURES, k: FEATURES },
    group: 'products by format',
    flops: 2 * rows * ELEMENTS,
    inputs: {
      ...{ x: [rows, FEATURES], q: bytes([FEATURES, FEATURES]) },
      ...{ scale: floats([FEATURES, 1]), input_scale: floats([1]) },
    },
    gives: { y: [rows, FEATURES] },
  });
}

/** Products whose both operands are codes, those of x of 8 bits, of one row and of many. */
export const works: readonly OpWork[] = [1, 64].flatMap((rows) => [
  ...[outliersApart(rows), outliersApart(rows, ['x'])],
  ...[ofCodes(rows, 'static'), ofCodes(rows, 'dynamic'), bitnet(rows), quanto(rows)],
]);
