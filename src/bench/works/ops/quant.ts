import { createDynamicMap } from '../../../quant/dynamic/map.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { operand } from '../../op-work.ts';
import { drawPackedTrits } from '../../packed-trits.ts';
import {
  bytes,
  constant,
  FEATURES,
  FLAT,
  type Given,
  INNER,
  N,
  ROWS,
  TOKENS,
  uniform,
  WIDTH,
  X,
} from './given.ts';

/** Works of quantizers, and of products with what they give. */
export const QUANT: Readonly<Record<string, Given>> = {
  quantize_4bit: {
    each: 8,
    params: { quant_type: 'nf4', blocksize: 64 },
    inputs: { weight: X },
    gives: N / 2 + (4 * N) / 64 + 4 * N,
  },
  quantize_blockwise: {
    each: 8,
    params: { blocksize: 256, rounding: 'lut16' },
    inputs: { x: FLAT, code: operand([256], 'f32', drawDynamicMap) },
    gives: N + (4 * N) / 256 + 4 * N,
  },
  int8_vectorwise_quant: {
    each: 5,
    params: { threshold: 6 },
    inputs: { x: X },
    gives: N + 4 * ROWS + 4 * WIDTH + 4 * N,
  },
  matmul_8bit_lt: {
    params: { threshold: 6 },
    inputs: {
      ...{ x: [TOKENS, FEATURES], q_weight: bytes('i8', [INNER, FEATURES], -127, 127) },
      weight_stats: uniform([INNER], 0.1, 0.5),
    },
    gives: TOKENS * FEATURES + 4 * TOKENS + 4 * FEATURES + 8 * TOKENS * INNER,
    flops: 2 * TOKENS * FEATURES * INNER,
  },
  linear_8bit_lt: {
    params: { threshold: 6 },
    inputs: { x: [TOKENS, FEATURES], weight: [INNER, FEATURES] },
    gives:
      INNER * FEATURES +
      4 * INNER +
      TOKENS * FEATURES +
      4 * TOKENS +
      4 * FEATURES +
      8 * TOKENS * INNER,
    flops: 2 * TOKENS * FEATURES * INNER,
  },
  quantize_linear: {
    each: 3,
    params: { axis: 1, dtype: 'int8' },
    inputs: { x: X, scale: uniform([WIDTH], 0.01, 0.1) },
    gives: N,
  },
  dequantize_linear: {
    params: { axis: 1 },
    inputs: { q: bytes('i8', X, -127, 127), scale: uniform([WIDTH], 0.01, 0.1) },
    gives: { y: X },
  },
  sparse_ternarize: { each: 8, params: { amount: 0.5 }, inputs: { weight: X }, gives: N + 4 },
  int8_linear: {
    each: 2 * WIDTH,
    inputs: {
      x: bytes('i8', X, -127, 127),
      weight: bytes('i8', [WIDTH, WIDTH], -127, 127),
      x_scale: uniform([ROWS], 0.01, 0.1),
      weight_scale: uniform([WIDTH], 0.01, 0.1),
      x_zero_point: bytes('i8', [ROWS], -9, 9),
    },
    gives: 8 * N,
  },
  dynamic_map: { inputs: {}, gives: { code: [256] }, flops: 256, isOnHost: true },
  abs_mean: { inputs: { weight: X }, gives: { mean: [1] } },
  fake_ternarize: {
    each: 3,
    inputs: { weight: X, threshold: constant(0.5), scale: constant(1.5) },
    gives: { y: X },
  },
  ternarize: { each: 2, inputs: { weight: X, threshold: constant(0.5) }, gives: N },
  ternary_quantize: { each: 6, inputs: { weight: X }, gives: N + N / 4 + 8 + 4 * N },
  bitnet_linear: {
    params: { out_features: FEATURES },
    inputs: {
      x: [TOKENS, FEATURES],
      packed: operand([(FEATURES * FEATURES) / 4], 'u8', drawPackedTrits),
      scale: constant(0.5),
    },
    gives: TOKENS * FEATURES + 4 * TOKENS + 8 * TOKENS * FEATURES,
    flops: 2 * TOKENS * FEATURES * FEATURES,
  },
  quanto_linear: {
    inputs: {
      ...{ x: [TOKENS, FEATURES], q: bytes('i8', [FEATURES, FEATURES], -127, 127) },
      ...{ scale: uniform([FEATURES, 1], 0.01, 0.1), input_scale: constant(0.02) },
    },
    gives: TOKENS * FEATURES + 8 * TOKENS * FEATURES,
    flops: 2 * TOKENS * FEATURES * FEATURES,
  },
  quanto_activation: {
    each: 3,
    params: { qtype: 'qfloat8_e4m3fn' },
    inputs: { x: X, scale: constant(0.02) },
    gives: N + 4 * N,
  },
  quanto_calibrate: {
    each: 2,
    inputs: { x: X, input_scale: constant(0.02) },
    gives: { input_scale: [1] },
  },
  bitnet_quantize: { each: 5, inputs: { weight: X }, gives: N + 4 + 4 * N },
  ternary_pack: { inputs: { trits: bytes('i8', X, -1, 1) }, gives: N / 4 },
  ternary_unpack: {
    params: { shape: [N] },
    inputs: { packed: operand([N / 4], 'u8', drawPackedTrits) },
    gives: N,
  },
  ternary_matmul: {
    params: { out_features: FEATURES },
    inputs: {
      x: [TOKENS, FEATURES],
      packed: operand([(FEATURES * FEATURES) / 4], 'u8', drawPackedTrits),
      scale: constant(0.5),
    },
    gives: { y: [TOKENS, FEATURES] },
    flops: 2 * TOKENS * FEATURES * FEATURES,
  },
};

/** The signed dynamic map of bitsandbytes. */
function drawDynamicMap(_: Random, shape: Shape) {
  return hostTensorFrom('f32', shape, createDynamicMap(true));
}
