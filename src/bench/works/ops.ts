import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import { repeated, wholes } from '../normals.ts';
import { type Operand, type OpWorkGiven, operand, opWork } from '../op-work.ts';
import { drawPackedTrits } from '../packed-trits.ts';
import type { OpWork } from '../work.ts';

/**
 * Works for the ops that no other file has one for, at a size that is natural to each: rows of a
 * layer for what goes through elements, a layer's parameters for what updates them.
 */
interface Given extends Pick<OpWorkGiven, 'params' | 'inputs' | 'reads' | 'gives' | 'isOnHost'> {
  /** Operations of an element of the first input, or of the result where there is none. Default 1. */
  readonly each?: number;
  /** Operations of the call, where they are not those of its elements. */
  readonly flops?: number;
  readonly sizes?: OpWorkGiven['sizes'];
}

const ROWS = 1024;
const WIDTH = 1024;
const X: Shape = [ROWS, WIDTH];
const N = ROWS * WIDTH;
const FLAT: Shape = [N];
const LABELS: Shape = [ROWS];
/** Of what takes long to judge. */
const SMALL: Shape = [N / 8];
/** A scale for 256 of those. */
const SCALES: Shape = [N / 8 / 256];

const between = (low: number, high: number) => (random: Random, shape: Shape) =>
  repeated(random, shape, () => random.uniform(low, high));
/** Elements in float32 from `low` to `high`. */
const uniform = (shape: Shape, low: number, high: number): Operand =>
  operand(shape, 'f32', between(low, high));
const indices = (shape: Shape, below: number): Operand =>
  operand(shape, 'i32', (random, of) => wholes(random, of, below - 1));
const constant = (x: number): Operand =>
  operand([1], 'f32', (_, shape) => hostTensorFrom('f32', shape, [x]));
const integer = (x: number): Operand =>
  operand([1], 'i32', (_, shape) => hostTensorFrom('i32', shape, [x]));
/** Whole numbers from `low` to `high` in bytes. */
const bytes = (dtype: 'u8' | 'i8', shape: Shape, low: number, high: number): Operand =>
  operand(shape, dtype, (random, of) =>
    hostTensorFrom(
      dtype,
      of,
      Int16Array.from({ length: sizeOf(of) }, () => random.integer(low, high)),
    ),
  );
const words = (shape: Shape): Operand =>
  operand(shape, 'u32', (random, of) =>
    hostTensor('u32', of, Uint32Array.from(wholes(random, of, 2 ** 31 - 1).data)),
  );
/** Numbers that grow from `low` to `high`. */
const ascending = (count: number, low: number, high: number): Operand =>
  operand([count], 'f32', (_, shape) =>
    hostTensorFrom(
      'f32',
      shape,
      Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1)),
    ),
  );

const unary = (each: number, x: Operand = X, params: object = {}): Given => ({
  each,
  params,
  inputs: { x },
  gives: { y: X },
});
const binary = (b: Operand = X, a: Operand = X): Given => ({ inputs: { a, b }, gives: { y: X } });
/** A loss of pairs, or a reduction of all. */
const pairs = (each: number, input: Operand = X, target: Operand = X): Given => ({
  each,
  inputs: { input, target },
  gives: { loss: [1] },
});
const reduced = (each: number, params: object = {}): Given => ({
  each,
  params: { axes: [1], keepdims: false, ...params },
  inputs: { x: X },
  gives: { y: [ROWS] },
});

const IMAGE: Shape = [4, 64, 56, 56];
const CHANNELS: Shape = [64];
const POOLED: Shape = [4, 64, 28, 28];
const squares = (shape: Shape) => uniform(shape, 0, 1e-3);
const ADAM = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 } as const;
const MOMENTUM = { lr: 0.01, momentum: 0.9, dampening: 0, weight_decay: 0, nesterov: false };
const SCALED = { found_inf: constant(0), steps: integer(6) };
const adamState = { param: FLAT, exp_avg: FLAT, exp_avg_sq: squares(FLAT), grad: FLAT };
const adamGives = { param: FLAT, exp_avg: FLAT, exp_avg_sq: FLAT };
const sgdState = { param: FLAT, momentum_buffer: FLAT, grad: FLAT };
const sgdGives = { param: FLAT, momentum_buffer: FLAT };
const TOKENS = 256;
const FEATURES = 512;
const INNER = 1376;
const RANK = 8;

const MATH: Readonly<Record<string, Given>> = {
  abs: unary(1),
  relu: unary(1),
  relu6: unary(2),
  exp: unary(8),
  log: unary(8, uniform(X, 0.1, 10)),
  sqrt: unary(4, uniform(X, 0.1, 10)),
  rsqrt: unary(4, uniform(X, 0.1, 10)),
  erf: unary(16),
  gelu: unary(20),
  sigmoid: unary(10),
  tanh: unary(10),
  silu: unary(11),
  clip: unary(2, X, { min: -1, max: 1 }),
  clamp: { each: 2, inputs: { x: X, min: [WIDTH], max: [WIDTH] }, gives: { y: X } },
  cast: { params: { to: 'float16' }, inputs: { x: X }, gives: 2 * N },
  add: binary(),
  sub: binary(),
  mul: binary(),
  div: binary(uniform(X, 0.5, 2)),
  maximum: binary(),
  minimum: binary(),
  pow: { ...binary(uniform(X, -2, 2), uniform(X, 0.5, 2)), each: 16 },
  where: {
    inputs: { condition: bytes('u8', X, 0, 1), a: X, b: X },
    gives: { y: X },
  },
  masked_fill: {
    params: { value: -1e9 },
    inputs: { x: X, mask: bytes('u8', X, 0, 1) },
    gives: { y: X },
  },
  accumulate_grad: binary(),
  cumsum: { params: { dim: 1 }, inputs: { x: X }, gives: { y: X } },
  reduce_sum: reduced(1),
  reduce_mean: reduced(1),
  reduce_max: reduced(1),
  logsumexp: reduced(9),
  norm: reduced(2),
  var: reduced(4, { correction: 1 }),
  std: reduced(4, { correction: 1 }),
  argmax: { params: { axis: 1 }, inputs: { x: X }, gives: 4 * ROWS },
  topk: { each: 8, params: { k: 8 }, inputs: { x: X }, gives: 2 * 4 * 8 * ROWS },
  minmax_observer: { each: 2, inputs: { x: FLAT }, gives: { min_val: [1], max_val: [1] } },
  mse_observer: { each: 800, inputs: { x: X }, gives: { min_val: [1], max_val: [1] } },
  quantile: { each: 8, params: { q: 0.9 }, inputs: { x: FLAT }, gives: { y: [1] } },
  histogram: { each: 8, inputs: { x: FLAT, edges: ascending(65, -4, 4) }, gives: 4 * 64 },
};

const NN: Readonly<Record<string, Given>> = {
  log_softmax: unary(9),
  dropout: unary(8, X, { p: 0.1, seed: 7 }),
  batch_norm: {
    each: 6,
    params: { training: true },
    inputs: {
      x: IMAGE,
      weight: CHANNELS,
      bias: CHANNELS,
      running_mean: CHANNELS,
      running_var: uniform(CHANNELS, 0.5, 2),
    },
    gives: { y: IMAGE, running_mean: CHANNELS, running_var: CHANNELS },
  },
  group_norm: {
    each: 6,
    params: { num_groups: 8 },
    inputs: { x: IMAGE, weight: CHANNELS, bias: CHANNELS },
    gives: { y: IMAGE },
  },
  instance_norm: {
    each: 6,
    inputs: { x: IMAGE, weight: CHANNELS, bias: CHANNELS },
    gives: { y: IMAGE },
  },
  mse_loss: pairs(3),
  l1_loss: pairs(3),
  huber_loss: pairs(5),
  smooth_l1_loss: pairs(5),
  kl_div: pairs(10, uniform(X, -8, -1), uniform(X, 0.01, 1)),
  bce_with_logits: pairs(12, X, uniform(X, 0, 1)),
  nll_loss: {
    inputs: { log_probs: uniform(X, -8, -1), labels: indices(LABELS, WIDTH) },
    reads: 2 * 4 * ROWS,
    gives: { loss: [1] },
    flops: ROWS,
  },
  cross_entropy_prob_target: {
    each: 12,
    inputs: { logits: X, target: uniform(X, 0, 2 / WIDTH) },
    gives: { loss: [1] },
  },
  embedding: { inputs: { weight: X, ids: indices([ROWS], ROWS) }, gives: { y: X } },
  swiglu_mlp: {
    inputs: {
      x: [TOKENS, FEATURES],
      gate: [INNER, FEATURES],
      up: [INNER, FEATURES],
      down: [FEATURES, INNER],
    },
    gives: { y: [TOKENS, FEATURES] },
    flops: 6 * TOKENS * FEATURES * INNER,
  },
  lora_linear: {
    params: { r: RANK, alpha: 2 * RANK },
    inputs: {
      x: [TOKENS, FEATURES],
      lora_A: [RANK, FEATURES],
      lora_B: [FEATURES, RANK],
      weight: [FEATURES, FEATURES],
    },
    gives: { y: [TOKENS, FEATURES] },
    flops: 2 * TOKENS * FEATURES * (FEATURES + 2 * RANK),
  },
};

const HEADS: Shape = [1, 8, 512, 64];
const SHAPE: Readonly<Record<string, Given>> = {
  transpose: { params: { perm: [1, 0] }, inputs: { x: X }, gives: { y: X } },
  concat: { params: { axis: 1 }, inputs: { x0: X, x1: X }, gives: { y: [ROWS, 2 * WIDTH] } },
  gather: {
    params: { axis: 0 },
    inputs: { x: X, indices: indices([ROWS], ROWS) },
    gives: { y: X },
  },
  take_along_dim: {
    params: { dim: 1 },
    inputs: { x: X, indices: indices(X, WIDTH) },
    gives: { y: X },
  },
  scatter_add: {
    params: { dim: 0 },
    inputs: { x: X, indices: indices(X, ROWS), src: X },
    gives: { y: X },
  },
  index_add: {
    params: { dim: 0 },
    inputs: { x: X, index: indices([ROWS], ROWS), source: X },
    gives: { y: X },
  },
  pad: { params: { pad: [8, 8, 8, 8] }, inputs: { x: X }, gives: { y: [ROWS + 16, WIDTH + 16] } },
  rotary_embedding: {
    each: 6,
    params: { head_dim: 64 },
    inputs: {
      q: HEADS,
      k: HEADS,
      position_ids: operand([512], 'i32', (_, shape) =>
        hostTensorFrom(
          'i32',
          shape,
          Array.from({ length: 512 }, (_, i) => i),
        ),
      ),
    },
    gives: { q: HEADS, k: HEADS },
  },
  rotary_embedding_cache: {
    each: 6,
    inputs: { x: HEADS, cos: uniform([1, 512, 32], -1, 1), sin: uniform([1, 512, 32], -1, 1) },
    gives: { y: HEADS },
  },
};

const CONV: Readonly<Record<string, Given>> = {
  avg_pool2d: {
    params: { kernel: [2, 2] },
    inputs: { x: IMAGE },
    gives: { y: POOLED },
  },
  max_pool2d: {
    params: { kernel: [2, 2] },
    inputs: { x: IMAGE },
    gives: { y: POOLED },
  },
  global_avg_pool2d: { inputs: { x: IMAGE }, gives: { y: [4, 64, 1, 1] } },
  conv1d: {
    params: { padding: [1, 1] },
    inputs: { x: [4, 64, 512], weight: [64, 64, 3] },
    gives: { y: [4, 64, 512] },
    flops: 2 * 4 * 64 * 512 * 64 * 3,
  },
  conv_transpose2d: {
    params: { stride: [2, 2] },
    inputs: { x: [1, 64, 28, 28], weight: [64, 32, 2, 2] },
    gives: { y: [1, 32, 56, 56] },
    flops: 2 * 64 * 28 * 28 * 32 * 4,
  },
};

/** A parameter with what 8-bit AdamW keeps of it. */
const IN_8BIT = {
  ...{ param: SMALL, grad: SMALL, qmap: operand([2, 256], 'f32', drawMaps) },
  ...{ exp_avg: bytes('u8', SMALL, 0, 255), exp_avg_absmax: uniform(SCALES, 0.5, 1) },
  ...{ exp_avg_sq: bytes('u8', SMALL, 0, 255), exp_avg_sq_absmax: squares(SCALES) },
};
const GIVEN_8BIT = (N / 8) * (4 + 2) + (N / 8 / 256) * 8;

const OPTIM: Readonly<Record<string, Given>> = {
  sgd_step: { each: 4, params: { ...MOMENTUM, step: 7 }, inputs: sgdState, gives: sgdGives },
  amp_sgd_step: {
    each: 4,
    params: MOMENTUM,
    inputs: { ...sgdState, ...SCALED },
    gives: sgdGives,
  },
  amp_adamw_step: {
    each: 16,
    params: ADAM,
    inputs: { ...adamState, ...SCALED },
    gives: adamGives,
  },
  adamw8bit_step: { each: 40, params: { ...ADAM, step: 7 }, inputs: IN_8BIT, gives: GIVEN_8BIT },
  amp_adamw8bit_step: {
    each: 40,
    params: ADAM,
    inputs: { ...IN_8BIT, ...SCALED },
    gives: GIVEN_8BIT,
  },
  optimizer_step: {
    each: 8,
    params: { optimizer: 'rmsprop', lr: 0.01, step: 7 },
    inputs: { param: SMALL, square_avg: squares(SMALL), grad: SMALL },
    gives: { param: SMALL, square_avg: SMALL },
    sizes: { optimizer: 'rmsprop' },
  },
  optimizer_steps: {
    each: 16,
    params: { optimizer: 'adamw', lr: 1e-3 },
    inputs: { param: SMALL, grads: [4, ...SMALL] },
    gives: { trajectory: [4, ...SMALL] },
    sizes: { optimizer: 'adamw', steps: 4 },
  },
  amp_unscale: {
    inputs: { grad: FLAT, scale: constant(1024) },
    gives: { grad: FLAT, found_inf: [1] },
  },
  amp_update_scale: {
    params: { growth_interval: 2000 },
    inputs: {
      found_inf: constant(0),
      scale: constant(1024),
      growth_tracker: integer(1),
      steps: integer(7),
    },
    gives: 12,
  },
  clip_grad_norm: {
    each: 3,
    params: { max_norm: 1 },
    inputs: { g0: FLAT, g1: FLAT },
    gives: { norm: [1], g0: FLAT, g1: FLAT },
  },
  grad_scaler: {
    params: { lr: 2 ** -10 },
    inputs: {
      found_inf: operand([1000], 'f32', (random, shape) =>
        repeated(random, shape, () => Number(random.integer(0, 9) === 0)),
      ),
    },
    gives: { scale: [1000], param: [1000] },
  },
  lr_schedule: {
    params: { name: 'cosine', base_lr: 0.5, warmup: 100, total: 1000, num_cycles: 0.5 },
    inputs: {},
    gives: { lr: [1000] },
    flops: 8000,
    isOnHost: true,
  },
};

const QUANT: Readonly<Record<string, Given>> = {
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

const BITS: Readonly<Record<string, Given>> = {
  fingerprint: { inputs: { x: words(FLAT) }, gives: 4 * 2 * 64 },
  random_words: { params: { seed: 7, shape: [N] }, inputs: {}, gives: 4 * N, flops: 40 * N },
  range_violations: { inputs: { x: FLAT }, gives: 8 },
};

/** The signed dynamic map of bitsandbytes. */
function drawDynamicMap(_: Random, shape: Shape) {
  return hostTensorFrom('f32', shape, createDynamicMap(true));
}

/** The maps of both moments of 8-bit AdamW. */
function drawMaps(_: Random, shape: Shape) {
  return hostTensorFrom('f32', shape, [...createDynamicMap(true), ...createDynamicMap(false)]);
}

/** One work for each. */
export const works: readonly OpWork[] = Object.entries({
  ...{ ...MATH, ...NN, ...SHAPE, ...CONV },
  ...{ ...OPTIM, ...QUANT, ...BITS },
}).map(([name, { each = 1, flops, sizes, params, inputs, ...others }]) => {
  const [first] = Object.values(inputs);
  const shape = first === undefined ? [] : 'shape' in first ? first.shape : first;
  return opWork({
    op: signatureOf(name),
    sizes: { x: shape.length === 0 ? 'none' : shape.join('x'), ...sizes },
    group: 'ops',
    flops: flops ?? each * sizeOf(shape),
    params: params ?? {},
    inputs,
    ...others,
  });
});
