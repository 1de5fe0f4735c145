import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType } from '../tensor/dtype.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { FormatError } from './format-error.ts';
import { vocabulary } from './parity-bundle/vocabulary.ts';
import { parityBundleOf, readParityBundle } from './parity-bundle.ts';
import { writeSafetensors } from './safetensors/write.ts';
import { readSafetensors } from './safetensors.ts';

/**
 * A tensor of a test bundle: its shape, with a dtype where it is not f32 and a value where it is
 * not 0.
 */
type Declared = Shape | readonly [dtype: DType, shape: Shape, value?: number];

interface Description {
  readonly op: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, Declared>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

function bundle({ op, params = {}, tensors, metadata = {} }: Description): Uint8Array<ArrayBuffer> {
  const hosts = Object.entries(tensors).map(([name, declared]) => {
    const [dtype, shape, value = 0] =
      typeof declared[0] === 'string'
        ? (declared as [DType, Shape, number?])
        : (['f32', declared as Shape] as const);
    return [name, hostTensorFrom(dtype, shape, new Float64Array(sizeOf(shape)).fill(value))];
  });
  const described = {
    schema: 'parity-bundle/1',
    op,
    params: JSON.stringify(params),
    producer: 'numpy 2.4.6',
    device: 'cpu',
  };
  return writeSafetensors(Object.fromEntries(hosts), { ...described, ...metadata });
}

function refusal(file: Uint8Array): string {
  try {
    readParityBundle(file);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).not.toMatch(/[\n\r]/);
    return (error as Error).message;
  }
  return 'accepted';
}

const attention = { causal: true, scale: 0.25, heads: 4, kv_heads: 2 };
const config = {
  vocab: 8,
  hidden: 4,
  intermediate: 8,
  layers: 1,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 1e4,
};

const llama = {
  op: 'train_llama',
  params: { mode: 'lora', config, steps: 3 },
  tensors: {
    'in.base.lm_head.weight': [8, 4],
    'in.input_ids': ['i32', [3, 1, 2]],
    'in.labels': ['i32', [3, 1, 2]],
    'out.losses': [3],
  },
} as const;

const logits = {
  op: 'causal_lm_logits',
  params: {
    config: { model_type: 'qwen2', vocab_size: 8, hidden_size: 4, num_hidden_layers: 1 },
  },
  tensors: {
    'in.base.lm_head.weight': [8, 4],
    'in.input_ids': ['i32', [3, 2]],
    'out.logits': [3, 2, 8],
  },
} as const;

/** A bundle of every op of the vocabulary, and of its other forms. */
const VALID: readonly Description[] = [
  logits,
  {
    op: 'causal_lm_generate',
    params: { ...logits.params, max_new_tokens: 3 },
    tensors: {
      'in.base.lm_head.weight': [8, 4],
      'in.input_ids': ['i32', [1, 2]],
      'out.sequences': ['i32', [1, 5]],
      'out.logits': [3, 8],
    },
  },
  {
    op: 'matmul',
    tensors: {
      'in.a': [3, 5],
      'in.b': [5, 2],
      'in.bias': [2],
      'in.grad.y': [3, 2],
      'out.y': [3, 2],
      'out.grad.bias': [2],
    },
  },
  {
    op: 'matmul',
    params: { transpose_b: true },
    tensors: { 'in.a': [2, 1, 3, 5], 'in.b': [7, 4, 5], 'out.y': [2, 7, 3, 4] },
  },
  {
    op: 'matmul',
    params: { alpha: 0.5, beta: 0 },
    tensors: { 'in.a': [3, 5], 'in.b': [5, 2], 'in.bias': [2], 'out.y': [3, 2] },
  },
  { op: 'matmul', tensors: { 'in.a': [5], 'in.b': [5], 'out.y': [1] } },
  { op: 'matmul', tensors: { 'in.a': [5], 'in.b': [3, 5, 2], 'out.y': [3, 2] } },
  {
    op: 'lora_linear',
    params: { r: 2, alpha: 4, base: 'dense' },
    tensors: {
      'in.x': [2, 3, 6],
      'in.weight': [4, 6],
      'in.lora_A': [2, 6],
      'in.lora_B': [4, 2],
      'out.y': [2, 3, 4],
      'in.grad.y': [2, 3, 4],
      'out.grad.x': [2, 3, 6],
    },
  },
  {
    op: 'lora_linear',
    params: { r: 2, alpha: 4, use_dora: true, base: 'fp4', blocksize: 32 },
    tensors: {
      'in.x': [3, 9],
      'in.packed': ['u8', [23, 1]],
      'in.absmax': [2],
      'in.lora_A': [2, 9],
      'in.lora_B': [5, 2],
      'in.magnitude': [5],
      'out.y': [3, 5],
    },
  },
  {
    op: 'swiglu_mlp',
    tensors: {
      'in.x': [2, 4],
      'in.gate': [6, 4],
      'in.up': [6, 4],
      'in.down': [4, 6],
      'out.y': [2, 4],
    },
  },
  {
    op: 'quantize_4bit',
    params: { quant_type: 'nf4', blocksize: 64 },
    tensors: {
      'in.weight': ['bf16', [5, 13]],
      'out.packed': ['u8', [33, 1]],
      'out.absmax': [2],
      'out.dequant': ['bf16', [5, 13]],
    },
  },
  {
    op: 'quantize_4bit',
    params: {
      quant_type: 'nf4',
      blocksize: 32,
      compress_statistics: true,
      nested_rounding: 'nearest',
    },
    tensors: {
      'in.weight': [64, 130],
      'out.absmax_q': ['u8', [260]],
      'out.nested_absmax': [2],
      'out.nested_offset': [1],
    },
  },
  {
    op: 'quantize_blockwise',
    params: { rounding: 'lut16', blocksize: 64 },
    tensors: { 'in.x': [100], 'in.code': [256], 'out.q': ['u8', [100]], 'out.absmax': [2] },
  },
  { op: 'dynamic_map', params: { signed: false }, tensors: { 'out.code': [256] } },
  {
    op: 'int8_vectorwise_quant',
    params: { threshold: 6 },
    tensors: {
      'in.x': ['f16', [3, 8]],
      'out.q': ['i8', [3, 8]],
      'out.row_stats': [3],
      'out.outlier_cols': ['i32', [2]],
    },
  },
  {
    op: 'linear_8bit_lt',
    params: { threshold: 0 },
    tensors: {
      'in.x': [2, 3, 8],
      'in.weight': [4, 8],
      'out.acc': ['i32', [6, 4]],
      'out.y': [2, 3, 4],
    },
  },
  {
    op: 'hqq_quantize',
    params: { nbits: 3, axis: 0, group_size: 64 },
    tensors: {
      'in.weight': [8, 64],
      'out.packed': ['i32', [7, 8]],
      'out.scale': [1, 8],
      'out.unpacked': ['u8', [64, 8]],
    },
  },
  {
    op: 'quanto_quantize',
    params: { qtype: 'qint8' },
    tensors: { 'in.weight': [4, 8], 'out.q': ['i8', [4, 8]], 'out.scale': [4, 1] },
  },
  {
    op: 'quanto_quantize',
    params: { qtype: 'qint2', axis: -1, group_size: 4 },
    tensors: { 'in.weight': [4, 8], 'out.packed': ['u8', [1, 8]], 'out.scale': [1, 8] },
  },
  {
    op: 'mlx_quantize',
    params: { bits: 4, group_size: 32 },
    tensors: {
      'in.weight': [2, 64],
      'in.x': [3, 64],
      'out.packed': ['i32', [2, 8]],
      'out.scales': [2, 2],
      'out.biases': [2, 2],
      'out.y': [3, 2],
    },
  },
  {
    op: 'mlx_quantize',
    params: { mode: 'mxfp4', bits: 4, group_size: 32 },
    tensors: { 'in.weight': [2, 64], 'out.scales': ['u8', [2, 2]] },
  },
  {
    op: 'gguf_quantize',
    params: { quant_type: 'q8_0' },
    tensors: { 'in.weight': [4, 64], 'out.packed': ['u8', [4, 68]] },
  },
  {
    op: 'gguf_dequantize',
    params: { quant_type: 'q6_k' },
    tensors: { 'in.packed': ['u8', [2, 420]], 'out.y': [2, 512] },
  },
  {
    op: 'quantize_nbits',
    params: { bits: 4, block_size: 16 },
    tensors: {
      'in.weight': [3, 37],
      'out.packed': ['u8', [3, 3, 8]],
      'out.scales': [3, 3],
      'out.zero_points': ['u8', [3, 2]],
    },
  },
  {
    op: 'quantize_nbits',
    params: { bits: 8, block_size: 16, symmetric: true },
    tensors: { 'in.weight': [3, 37], 'out.packed': ['u8', [3, 3, 16]] },
  },
  {
    op: 'dequantize_nbits',
    params: { bits: 4, block_size: 16, out_features: 3, in_features: 37 },
    tensors: {
      'in.packed': ['u8', [3, 3, 8]],
      'in.scales': [3, 3],
      'in.zero_points': ['u8', [3, 2]],
      'out.y': [3, 37],
    },
  },
  {
    op: 'matmul_nbits',
    params: { bits: 2, block_size: 16, out_features: 3, in_features: 37 },
    tensors: {
      'in.x': [2, 37],
      'in.packed': ['u8', [3, 3, 4]],
      'in.scales': [3, 3],
      'out.y': [2, 3],
    },
  },
  {
    op: 'ternary_quantize',
    tensors: {
      'in.weight': [5, 7],
      'out.trits': ['i8', [5, 7]],
      'out.packed': ['u8', [9]],
      'out.threshold': [1],
    },
  },
  { op: 'bitnet_quantize', params: { eps: 1e-5 }, tensors: { 'in.weight': [5], 'out.scale': [1] } },
  { op: 'softmax', params: { axis: 0 }, tensors: { 'in.x': [2, 3], 'out.y': [2, 3] } },
  { op: 'log_softmax', tensors: { 'in.x': [2, 3], 'out.y': [2, 3] } },
  {
    op: 'rms_norm',
    params: { eps: 1e-5, axis: -2 },
    tensors: { 'in.x': [2, 3, 4], 'in.weight': [3, 4], 'out.y': [2, 3, 4] },
  },
  {
    op: 'layer_norm',
    tensors: { 'in.x': [2, 4], 'in.weight': [4], 'in.bias': [4], 'out.y': [2, 4] },
  },
  {
    op: 'group_norm',
    params: { num_groups: 2 },
    tensors: { 'in.x': [2, 4, 3], 'in.weight': [4], 'in.bias': [4], 'out.y': [2, 4, 3] },
  },
  { op: 'conv1d', tensors: { 'in.x': [1, 2, 7], 'in.weight': [3, 2, 3], 'out.y': [1, 3, 5] } },
  {
    op: 'conv_transpose2d',
    tensors: { 'in.x': [1, 2, 3, 3], 'in.weight': [2, 3, 2, 2], 'out.y': [1, 3, 4, 4] },
  },
  { op: 'instance_norm', tensors: { 'in.x': [2, 4, 3], 'out.y': [2, 4, 3] } },
  { op: 'cumsum', params: { dim: -1 }, tensors: { 'in.x': [2, 3], 'out.y': [2, 3] } },
  ...['logsumexp', 'var', 'std'].map((op) => ({
    op,
    params: { axes: [0], keepdims: false },
    tensors: { 'in.x': [2, 3], 'out.y': [3] },
  })),
  {
    op: 'batch_norm',
    params: { training: true },
    tensors: {
      'in.x': [2, 3, 4, 4],
      'in.weight': [3],
      'in.bias': [3],
      'in.running_mean': [3],
      'in.running_var': [3],
      'out.y': [2, 3, 4, 4],
      'out.running_var': [3],
    },
  },
  {
    op: 'rotary_embedding',
    params: { head_dim: 4 },
    tensors: {
      'in.q': [1, 2, 3, 4],
      'in.k': [1, 1, 3, 4],
      'in.position_ids': ['i32', [1, 3]],
      'out.q': [1, 2, 3, 4],
      'out.k': [1, 1, 3, 4],
    },
  },
  {
    op: 'rotary_embedding_cache',
    tensors: {
      'in.x': [1, 2, 3, 4],
      'in.cos': [3, 2],
      'in.sin': [3, 2],
      'in.position_ids': ['i32', [1, 3]],
      'out.y': [1, 2, 3, 4],
    },
  },
  {
    op: 'scaled_dot_product_attention',
    params: attention,
    tensors: {
      'in.q': [2, 4, 5, 6],
      'in.k': [2, 2, 7, 6],
      'in.v': [2, 2, 7, 3],
      'in.mask': ['u8', [5, 7]],
      'out.y': [2, 4, 5, 3],
    },
  },
  {
    op: 'scaled_dot_product_attention',
    params: attention,
    tensors: { 'in.q': [2, 5, 24], 'in.k': [2, 7, 12], 'in.v': [2, 7, 6], 'out.y': [2, 5, 12] },
  },
  ...[
    ...['relu', 'silu', 'sigmoid', 'gelu'],
    ...['exp', 'log', 'sqrt', 'rsqrt', 'tanh', 'abs', 'erf'],
  ].map((op) => ({
    op,
    tensors: { 'in.x': [3], 'out.y': [3], 'in.grad.y': [3], 'out.grad.x': [3] },
  })),
  ...['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'pow'].map((op) => ({
    op,
    tensors: { 'in.a': [2, 1], 'in.b': [3], 'out.y': [2, 3] },
  })),
  {
    op: 'where',
    tensors: { 'in.condition': ['u8', [2, 1]], 'in.a': [3], 'in.b': [1], 'out.y': [2, 3] },
  },
  {
    op: 'masked_fill',
    params: { value: -1e9 },
    tensors: { 'in.x': [2, 1], 'in.mask': ['u8', [3]], 'out.y': [2, 3] },
  },
  {
    op: 'masked_fill',
    params: { value: '-Infinity' },
    tensors: { 'in.x': [3], 'in.mask': ['u8', [3]], 'out.y': [3] },
  },
  { op: 'clamp', tensors: { 'in.x': [2, 3], 'in.max': [3], 'out.y': [2, 3] } },
  { op: 'clip', params: { min: 1, max: -1 }, tensors: { 'in.x': [3], 'out.y': [3] } },
  { op: 'cast', params: { to: 'float16' }, tensors: { 'in.x': [3], 'out.y': ['f16', [3]] } },
  ...['reduce_sum', 'reduce_mean', 'reduce_max'].map((op) => ({
    op,
    params: { axes: [-1], keepdims: false },
    tensors: { 'in.x': [2, 3], 'out.y': [2] },
  })),
  {
    op: 'topk',
    params: { k: 2, axis: 0, largest: false },
    tensors: {
      'in.x': [3, 4],
      'in.grad.values': [2, 4],
      'out.values': [2, 4],
      'out.indices': ['i32', [2, 4]],
      'out.grad.x': [3, 4],
    },
  },
  {
    op: 'argmax',
    params: { axis: 1, keepdims: 0 },
    tensors: { 'in.x': [2, 3], 'out.y': ['i32', [2]] },
  },
  {
    op: 'transpose',
    params: { perm: [2, 0, 1] },
    tensors: { 'in.x': [2, 3, 4], 'out.y': [4, 2, 3] },
  },
  {
    op: 'concat',
    params: { axis: -1 },
    tensors: { 'in.x0': [2, 3], 'in.x1': [2, 4], 'in.x2': [2, 1], 'out.y': [2, 8] },
  },
  {
    op: 'gather',
    params: { axis: 1 },
    tensors: { 'in.x': [2, 3, 4], 'in.indices': ['i32', [5, 6]], 'out.y': [2, 5, 6, 4] },
  },
  {
    op: 'take_along_dim',
    params: { dim: 1 },
    tensors: { 'in.x': [2, 3, 4], 'in.indices': ['i32', [2, 5, 3]], 'out.y': [2, 5, 3] },
  },
  {
    op: 'scatter_add',
    params: { dim: -1 },
    tensors: {
      'in.x': [2, 3],
      'in.indices': ['i32', [1, 4]],
      'in.src': [2, 5],
      'out.y': [2, 3],
    },
  },
  {
    op: 'index_add',
    params: { dim: 1, alpha: 0.5 },
    tensors: { 'in.x': [2, 3], 'in.index': ['i32', [4]], 'in.source': [2, 4], 'out.y': [2, 3] },
  },
  {
    op: 'mse_loss',
    params: { reduction: 'none' },
    tensors: { 'in.input': [2, 3], 'in.target': [2, 3], 'out.loss': [2, 3] },
  },
  { op: 'l1_loss', tensors: { 'in.input': [2, 3], 'in.target': [2, 3], 'out.loss': [1] } },
  {
    op: 'smooth_l1_loss',
    params: { beta: 0 },
    tensors: { 'in.input': [2, 3], 'in.target': [2, 3], 'out.loss': [1] },
  },
  {
    op: 'huber_loss',
    params: { delta: 2, reduction: 'sum' },
    tensors: { 'in.input': [2, 3], 'in.target': [2, 3], 'out.loss': [1] },
  },
  {
    op: 'kl_div',
    params: { reduction: 'batchmean', log_target: true },
    tensors: { 'in.input': [2, 3], 'in.target': [2, 3], 'out.loss': [1] },
  },
  {
    op: 'bce_with_logits',
    params: {},
    tensors: {
      'in.input': [2, 3],
      'in.target': [2, 3],
      'in.weight': [2, 1],
      'in.pos_weight': [3],
      'out.loss': [1],
    },
  },
  {
    op: 'pad',
    params: { pad: [1, -2, 0, 3], value: 2 },
    tensors: { 'in.x': [5, 2, 3], 'out.y': [5, 5, 2] },
  },
  {
    op: 'embedding',
    tensors: { 'in.weight': [9, 4], 'in.ids': ['i32', [2, 3]], 'out.y': [2, 3, 4] },
  },
  {
    op: 'embedding',
    params: { padding_idx: -1 },
    tensors: { 'in.weight': [9, 4], 'in.ids': ['i32', [5]], 'out.y': [5, 4] },
  },
  {
    op: 'cross_entropy',
    params: { reduction: 'none' },
    tensors: {
      'in.logits': [2, 5, 3],
      'in.labels': ['i32', [2, 3]],
      'in.weight': [5],
      'out.loss': [2, 3],
    },
  },
  {
    op: 'cross_entropy',
    params: { shift: true, label_smoothing: 0.1 },
    tensors: { 'in.logits': [2, 3, 5], 'in.labels': ['i32', [2, 3]], 'out.loss': [1] },
  },
  {
    op: 'cross_entropy_prob_target',
    params: { reduction: 'none', label_smoothing: 0.1 },
    tensors: {
      'in.logits': [2, 5, 3],
      'in.target': [2, 5, 3],
      'in.weight': [5],
      'out.loss': [2, 3],
    },
  },
  {
    op: 'nll_loss',
    tensors: { 'in.log_probs': [4, 5], 'in.labels': ['i32', [4]], 'out.loss': [1] },
  },
  {
    op: 'conv2d',
    params: { stride: [2, 1], padding: [1, 1, 1, 1], groups: 2 },
    tensors: {
      'in.x': [1, 4, 5, 5],
      'in.weight': [6, 2, 3, 3],
      'in.bias': [6],
      'out.y': [1, 6, 3, 5],
    },
  },
  {
    op: 'max_pool2d',
    params: { kernel: 2, stride: 2, ceil_mode: true },
    tensors: { 'in.x': [1, 1, 5, 5], 'out.y': [1, 1, 3, 3] },
  },
  {
    op: 'avg_pool2d',
    params: { kernel: [1, 3], stride: 1, padding: [0, 0, 0, 0] },
    tensors: { 'in.x': [1, 1, 5, 5], 'out.y': [1, 1, 5, 3] },
  },
  { op: 'global_avg_pool2d', tensors: { 'in.x': [2, 3, 5, 5], 'out.y': [2, 3, 1, 1] } },
  {
    op: 'quantize_linear',
    params: { axis: 0 },
    tensors: {
      'in.x': [2, 3],
      'in.scale': [2],
      'in.zero_point': ['i8', [2]],
      'out.q': ['i8', [2, 3]],
    },
  },
  {
    op: 'dequantize_linear',
    params: { axis: 1, block_size: 2 },
    tensors: { 'in.q': ['u8', [2, 3]], 'in.scale': [2, 2], 'out.y': [2, 3] },
  },
  {
    op: 'minmax_observer',
    params: { ch_axis: 0, averaging_constant: 0.01 },
    tensors: { 'in.x': [3, 5], 'in.min_val': [3], 'in.max_val': [3], 'out.min_val': [3] },
  },
  { op: 'mse_observer', params: { ch_axis: 1 }, tensors: { 'in.x': [3, 5], 'out.max_val': [5] } },
  {
    op: 'calculate_qparams',
    params: { dtype: 'qint8' },
    tensors: {
      'in.min_val': [3],
      'in.max_val': [3],
      'out.scale': [3],
      'out.zero_point': ['i8', [3]],
    },
  },
  {
    op: 'int8_linear',
    tensors: {
      'in.x': ['i8', [4, 6]],
      'in.weight': ['i8', [3, 6]],
      'in.x_scale': [4],
      'in.weight_scale': [1],
      'in.x_zero_point': ['i8', [4]],
      'out.acc': ['i32', [4, 3]],
      'out.y': [4, 3],
    },
  },
  {
    op: 'bitnet_linear',
    params: { out_features: 3 },
    tensors: {
      'in.x': [2, 2, 6],
      'in.packed': ['u8', [5]],
      'in.scale': [1],
      'in.bias': [3],
      'in.grad.y': [2, 2, 3],
      'out.q_x': ['i8', [4, 6]],
      'out.row_stats': [4],
      'out.acc': ['i32', [4, 3]],
      'out.y': [2, 2, 3],
      'out.grad.x': [2, 2, 6],
    },
  },
  {
    op: 'quanto_linear',
    tensors: {
      'in.x': [2, 2, 6],
      'in.q': ['i8', [3, 6]],
      'in.scale': [3, 1],
      'in.input_scale': [1],
      'in.bias': [3],
      'in.grad.y': [2, 2, 3],
      'out.q_x': ['i8', [2, 2, 6]],
      'out.acc': ['i32', [2, 2, 3]],
      'out.y': [2, 2, 3],
      'out.grad.x': [2, 2, 6],
    },
  },
  {
    op: 'quanto_activation',
    params: { qtype: 'qfloat8_e5m2' },
    tensors: {
      'in.x': [3, 5],
      'in.scale': [1],
      'in.grad.dequant': [3, 5],
      'out.q': ['u8', [3, 5]],
      'out.dequant': [3, 5],
      'out.grad.x': [3, 5],
    },
  },
  {
    op: 'quanto_calibrate',
    tensors: { 'in.x': [3, 5], 'in.input_scale': [1], 'out.input_scale': [1] },
  },
  {
    op: 'sparse_ternarize',
    params: { amount: 0.5, per_channel: true },
    tensors: { 'in.weight': [4, 6], 'out.trits': ['i8', [4, 6]], 'out.threshold': [4] },
  },
  {
    op: 'quantile',
    params: { q: 0.5, per_channel: true },
    tensors: { 'in.x': [4, 6], 'out.y': [4] },
  },
  {
    op: 'ternarize',
    params: { seed: 2 ** 33 + 1 },
    tensors: { 'in.weight': [4, 6], 'in.threshold': [4], 'out.trits': ['i8', [4, 6]] },
  },
  {
    op: 'matmul_4bit',
    params: { quant_type: 'nf4', blocksize: 64, out_features: 3, in_features: 37 },
    tensors: {
      'in.x': [2, 37],
      'in.packed': ['u8', [56, 1]],
      'in.absmax': [2],
      'in.grad.y': [2, 3],
      'out.y': [2, 3],
      'out.grad.x': [2, 37],
    },
  },
  {
    op: 'hqq_matmul',
    params: { nbits: 3, group_size: 16, out_features: 9, in_features: 16 },
    tensors: {
      'in.x': [1, 16],
      'in.packed': ['i32', [1, 16]],
      'in.scale': [9, 1],
      'in.zero': [9, 1],
      'out.y': [1, 9],
    },
  },
  {
    op: 'matmul_8bit',
    params: { codes: 'int8', axis: -1, blocksize: 3, out_features: 3, in_features: 5 },
    tensors: {
      'in.x': [2, 5],
      'in.q': ['i8', [3, 5]],
      'in.scale': [5],
      'in.zero_point': ['i8', [5]],
      'in.grad.y': [2, 3],
      'out.y': [2, 3],
      'out.grad.x': [2, 5],
    },
  },
  {
    op: 'quanto_matmul',
    params: { bits: 2, group_size: 4, out_features: 3, in_features: 8 },
    tensors: {
      'in.x': [1, 8],
      'in.packed': ['u8', [2, 4]],
      'in.scale': [6, 1],
      'in.shift': [6, 1],
      'out.y': [1, 3],
    },
  },
  {
    op: 'mlx_matmul',
    params: { mode: 'nvfp4', bits: 4, group_size: 16, out_features: 3, in_features: 32 },
    tensors: {
      'in.x': [2, 32],
      'in.packed': ['i32', [3, 4]],
      'in.scales': ['u8', [3, 2]],
      'in.grad.y': [2, 3],
      'out.y': [2, 3],
      'out.grad.x': [2, 32],
    },
  },
  {
    op: 'gguf_matmul',
    params: { quant_type: 'q4_k' },
    tensors: {
      'in.x': [2, 256],
      'in.packed': ['u8', [3, 144]],
      'in.grad.y': [2, 3],
      'out.y': [2, 3],
      'out.grad.x': [2, 256],
    },
  },
  {
    op: 'ternary_matmul',
    params: { out_features: 3, order: 'base3' },
    tensors: {
      'in.x': [2, 7],
      'in.packed': ['u8', [5]],
      'in.scale': [3],
      'out.y': [2, 3],
    },
  },
  {
    op: 'optimizer_steps',
    params: { optimizer: 'adamw8bit', blocksize: 256 },
    tensors: {
      'in.param': [300],
      'in.grads': [4, 300],
      'out.trajectory': [4, 300],
      'out.state.exp_avg': ['u8', [300]],
      'out.state.exp_avg_absmax': [2],
    },
  },
  {
    op: 'clip_grad_norm',
    params: { max_norm: 1 },
    tensors: { 'in.g0': [3], 'in.g1': [2, 2], 'out.norm': [1], 'out.g0': [3] },
  },
  { op: 'grad_scaler', tensors: { 'in.found_inf': [6], 'out.scale': [6] } },
  {
    op: 'lr_schedule',
    params: { name: 'cosine', base_lr: 0.1, warmup: 2, total: 9 },
    tensors: { 'out.lr': [9] },
  },
  { ...llama, tensors: { ...llama.tensors, 'out.lora.a': [2] } },
];

test.each(VALID)('$op: accepted', (description) => {
  expect(refusal(bundle(description))).toBe('accepted');
});

test('every op of the vocabulary has a valid bundle here', () => {
  expect(new Set(VALID.map(({ op }) => op))).toEqual(new Set(vocabulary.keys()));
});

test('defaults are filled in, and a bundle without a device has an unknown one', () => {
  const file = bundle({ op: 'softmax', tensors: { 'in.x': [2], 'out.y': [2] } });
  expect(readParityBundle(file)).toMatchObject({
    op: 'softmax',
    params: { axis: -1 },
    producer: 'numpy 2.4.6',
    device: 'cpu',
  });
  const { metadata, tensors } = readSafetensors(file);
  const unnamed = new Map([...metadata].filter(([key]) => key !== 'device'));
  expect(parityBundleOf({ metadata: unnamed, tensors }).device).toBe('unknown device');
});

test('a question may lack outputs, and a recording may not', () => {
  const file = bundle({ op: 'softmax', tensors: { 'in.x': [2] } });
  const { inputs, outputs } = readParityBundle(file, { question: true }).tensors;
  expect([Object.keys(inputs), outputs]).toEqual([['x'], {}]);
  expect(refusal(file)).toMatch(/nothing to check/);
});

test.each(['op', 'params', 'producer'])('a bundle without %s is refused', (key) => {
  const { metadata, tensors } = readSafetensors(bundle(matmul));
  const rest = new Map([...metadata].filter(([other]) => other !== key));
  expect(() => parityBundleOf({ metadata: rest, tensors })).toThrow(
    new FormatError(`__metadata__ lacks ${key}`),
  );
});

test('a fault of ours is not called one of the file', () => {
  const { metadata } = readSafetensors(bundle(matmul));
  const broken = {
    dtype: 'F32',
    bytes: new Uint8Array(4),
    get shape(): Shape {
      throw new RangeError('ours');
    },
  } as const;
  expect(() => parityBundleOf({ metadata, tensors: new Map([['in.a', broken]]) })).toThrow(
    new RangeError('ours'),
  );
});

const matmul = {
  op: 'matmul',
  tensors: { 'in.a': [3, 5], 'in.b': [5, 2], 'out.y': [3, 2] },
} as const;
const lora = {
  op: 'lora_linear',
  params: { r: 2, alpha: 4 },
  tensors: {
    'in.x': [3, 6],
    'in.weight': [4, 6],
    'in.lora_A': [2, 6],
    'in.lora_B': [4, 2],
    'out.y': [3, 4],
  },
} as const;

const NINE = new Array<number>(9).fill(1);

describe('what torch refuses', () => {
  const steps = (params: object): Description => ({
    op: 'optimizer_steps',
    params: { optimizer: 'sgd', nesterov: true, ...params },
    tensors: { 'in.param': [2], 'in.grads': [1, 2], 'out.trajectory': [1, 2] },
  });
  const norm = (op: string, x: Shape, params = {}): Description => ({
    op,
    params,
    tensors: { 'in.x': x, 'out.y': x },
  });
  const needs = /^optimizer_steps: params: nesterov needs a momentum above 0 and no dampening/;
  test.each([
    [steps({}), needs],
    [steps({ momentum: 0 }), needs],
    [steps({ momentum: 0.9, dampening: 0.5 }), needs],
    [steps({ momentum: 0.9 }), /^accepted/],
    [steps({ nesterov: false, dampening: 0.5 }), /^accepted/],
    [norm('instance_norm', [2, 3, 1]), /^instance_norm: out.y .*a channel of one element has no/],
    [norm('instance_norm', [2, 3]), /a channel of one element has no variance/],
    [norm('instance_norm', [2, 3, 1, 2]), /^accepted/],
    [norm('group_norm', [1, 3, 1], { num_groups: 3 }), /^group_norm: out.y .*one group of one/],
    [norm('group_norm', [1, 3], { num_groups: 3 }), /one group of one element has no variance/],
    [norm('group_norm', [2, 3], { num_groups: 3 }), /^accepted/],
    [norm('group_norm', [1, 3], { num_groups: 1 }), /^accepted/],
  ])('%j is refused', (description, words) => {
    expect(refusal(bundle(description))).toMatch(words);
  });
});

describe('what is at an edge is accepted', () => {
  const accepted: Readonly<Record<string, Description>> = {
    'eight dimensions': {
      op: 'softmax',
      params: { axis: 0 },
      tensors: { 'in.x': NINE.slice(1), 'out.y': NINE.slice(1) },
    },
    'the last row of a table': {
      op: 'embedding',
      tensors: { 'in.weight': [3, 2], 'in.ids': ['i32', [2, 2], 2], 'out.y': [2, 2, 2] },
    },
    'gradients of inputs that are numbered': {
      op: 'concat',
      params: { axis: 0 },
      tensors: {
        'in.x0': [1],
        'in.x1': [1],
        'out.y': [2],
        'in.grad.y': [2],
        'out.grad.x1': [1],
      },
    },
    'parameters that are null, as absent ones': {
      op: 'optimizer_steps',
      params: { optimizer: 'sgd', betas: null, momentum: null },
      tensors: { 'in.param': [2], 'in.grads': [1, 2], 'out.trajectory': [1, 2] },
    },
    'options of other optimizers that are off': {
      op: 'optimizer_steps',
      params: { optimizer: 'sgd', amsgrad: false },
      tensors: { 'in.param': [2], 'in.grads': [1, 2], 'out.trajectory': [1, 2] },
    },
    'as many gradients as outputs': {
      op: 'silu',
      tensors: { 'in.x': [2], 'out.y': [2], 'in.grad.y': [2], 'out.grad.x': [2] },
    },
  };
  test.each(Object.entries(accepted))('%s', (_, description) => {
    expect(refusal(bundle(description))).toBe('accepted');
  });
});

test('the numbers of a map ascend', () => {
  const mapOf = (change: (code: number[]) => void) => {
    const code = Array.from({ length: 256 }, (_, i) => i / 256);
    change(code);
    const { metadata } = readSafetensors(
      bundle({ op: 'quantize_blockwise', params: { rounding: 'nearest' }, tensors: {} }),
    );
    return writeSafetensors(
      {
        'in.x': hostTensorFrom('f32', [3], [0, 0, 0]),
        'in.code': hostTensorFrom('f32', [256], code),
        'out.q': hostTensorFrom('u8', [3], [0, 0, 0]),
      },
      Object.fromEntries(metadata),
    );
  };
  expect(refusal(mapOf(() => {}))).toBe('accepted');
  // Below the number before it, and not below the one before that.
  const lower = mapOf((code) => {
    code[5] = 3.5 / 256;
  });
  expect(refusal(lower)).toMatch(/in.code\[5\] is out of order: ascending numbers are needed$/);
});

describe('what is wrong is said in one line', () => {
  const cases: readonly [string, Description, RegExp][] = [
    [
      'an op outside the vocabulary',
      { op: 'fft', tensors: {} },
      /^op "fft" is not in the vocabulary/,
    ],
    [
      'an op of Object.prototype',
      { op: 'constructor', tensors: {} },
      /^op "constructor" is not in the vocabulary/,
    ],
    [
      'another schema',
      { ...matmul, metadata: { schema: 'parity-bundle/2' } },
      /schema is "parity-bundle\/2"/,
    ],
    ['params that are not JSON', { ...matmul, metadata: { params: '{' } }, /params is not JSON/],
    [
      'params that are a list',
      { ...matmul, metadata: { params: '[]' } },
      /params is not a JSON object/,
    ],
    [
      'a repeated param',
      { ...matmul, metadata: { params: '{"transpose_a":true,"transpose_a":false}' } },
      /"transpose_a" twice/,
    ],
    [
      'an unknown param',
      { ...matmul, params: { transposed: true } },
      /matmul: params "transposed": the op has no parameter of that name$/,
    ],
    [
      'a param of the wrong type',
      { ...matmul, params: { transpose_a: 'yes' } },
      /matmul: params "transpose_a"/,
    ],
    ['a param out of range', { ...lora, params: { r: 0, alpha: 4 } }, /params "r"/],
    [
      'a scale that grows after no step',
      { ...llama, params: { ...llama.params, grad_scaler: { growth_interval: 0 } } },
      /train_llama: params "grad_scaler\.growth_interval"/,
    ],
    [
      'a scale that does not back off',
      { ...llama, params: { ...llama.params, grad_scaler: { backoff_factor: -1 } } },
      /params "grad_scaler.backoff_factor"/,
    ],
    [
      'a parameter that no GradScaler has',
      { ...llama, params: { ...llama.params, grad_scaler: { scale: 2 } } },
      /params "grad_scaler.scale"/,
    ],
    [
      'another autocast',
      { ...llama, params: { ...llama.params, autocast_dtype: 'float8' } },
      /params "autocast_dtype"/,
    ],
    [
      'checkpointing that is a number',
      { ...llama, params: { ...llama.params, gradient_checkpointing: 1 } },
      /params "gradient_checkpointing"/,
    ],
    [
      'a head that is tied to something',
      {
        ...llama,
        params: { ...llama.params, config: { ...config, tie_word_embeddings: 'lm_head' } },
      },
      /params "config.tie_word_embeddings"/,
    ],
    [
      'fewer texts than micro-batches',
      { ...llama, params: { ...llama.params, grad_accum: 2 } },
      /in.input_ids has shape \[3, 1, 2\]: \[6, 1, 2\] is needed/,
    ],
    [
      'losses of other steps',
      { ...llama, tensors: { ...llama.tensors, 'out.losses': [2] } },
      /out.losses has shape \[2\]: \[3\] is needed/,
    ],
    ['a missing param', { ...lora, params: { r: 2 } }, /params "alpha": is missing$/],
    [
      'a device of several lines',
      { ...matmul, metadata: { device: 'a\nb' } },
      /^__metadata__ device is not one line of at most 200 characters$/,
    ],
    [
      'a tensor of nine dimensions',
      { op: 'softmax', params: { axis: 0 }, tensors: { 'in.x': NINE, 'out.y': NINE } },
      /^softmax: in.x has 9 dimensions; at most 8 are known$/,
    ],
    [
      'a gradient of an op without',
      {
        op: 'quantize_4bit',
        params: { quant_type: 'nf4' },
        tensors: { 'in.weight': [64], 'in.grad.packed': [32, 1] },
      },
      /in.grad.packed: the op has no gradient for an output of that name/,
    ],
    [
      'a gradient of indices beside one of values',
      {
        op: 'topk',
        params: { k: 1 },
        tensors: { 'in.x': [2], 'in.grad.values': [1], 'in.grad.indices': [1], 'out.grad.x': [2] },
      },
      /in.grad.indices: the op has no gradient for an output of that name/,
    ],
    [
      'a gradient of running statistics',
      {
        op: 'batch_norm',
        params: { training: true },
        tensors: {
          'in.x': [2, 1],
          ...Object.fromEntries(
            ['weight', 'bias', 'running_mean', 'running_var'].map((name) => [`in.${name}`, [1]]),
          ),
          'in.grad.running_mean': [1],
          'out.grad.x': [2, 1],
        },
      },
      /in.grad.running_mean: the op has no gradient for an output of that name/,
    ],
    [
      'a gradient of a sum of integers',
      {
        op: 'add',
        tensors: {
          'in.a': ['i32', [2]],
          'in.b': ['i32', [2]],
          'in.grad.y': [2],
          'out.y': ['i32', [2]],
        },
      },
      /in.grad.y: the op has no gradient for an output of that name/,
    ],
    [
      'unknown names on both sides',
      { ...matmul, tensors: { ...matmul.tensors, 'out.z': [1], 'in.c': [1] } },
      /no tensor "in.c"/,
    ],
    [
      'a producer of several lines',
      { ...matmul, metadata: { producer: 'a\nb' } },
      /producer is not one line/,
    ],
    [
      'a name without in. or out.',
      { ...matmul, tensors: { ...matmul.tensors, y: [1] } },
      /"y" begins with neither/,
    ],
    [
      'an unknown input',
      { ...matmul, tensors: { ...matmul.tensors, 'in.c': [1] } },
      /no tensor "in.c"; known are in.a, in.b, in.bias/,
    ],
    [
      'an unknown output',
      { ...matmul, tensors: { ...matmul.tensors, 'out.z': [1] } },
      /no tensor "out.z"/,
    ],
    [
      'a missing input',
      { ...matmul, tensors: { 'in.a': [3, 5], 'out.y': [3, 2] } },
      /^matmul: in.b is missing$/,
    ],
    [
      'nothing to check',
      { ...matmul, tensors: { 'in.a': [3, 5], 'in.b': [5, 2] } },
      /nothing to check/,
    ],
    [
      'inner dimensions that differ',
      { ...matmul, tensors: { ...matmul.tensors, 'in.b': [4, 2] } },
      /inner dimensions of 3x5 and 4x2 differ/,
    ],
    [
      'an output of another shape',
      { ...matmul, tensors: { ...matmul.tensors, 'out.y': [2, 3] } },
      /out.y has shape \[2, 3\]: \[3, 2\] is needed/,
    ],
    [
      'a wrong dtype',
      { op: 'softmax', tensors: { 'in.x': ['i32', [2, 3]], 'out.y': [2, 3] } },
      /in.x is I32; F32 or F16/,
    ],
    [
      'a product of integers with floats',
      { ...matmul, tensors: { ...matmul.tensors, 'in.a': ['i32', [3, 5]] } },
      /torch multiplies no I32 with F32: integers have one type/,
    ],
    [
      'a maximum over no elements',
      {
        op: 'reduce_max',
        params: { axes: [1] },
        tensors: { 'in.x': [3, 0], 'out.y': [3, 1] },
      },
      /a maximum over no elements is none/,
    ],
    [
      'a scalar without dimensions',
      { ...matmul, tensors: { ...matmul.tensors, 'in.a': [] } },
      /a scalar has shape \[1\]/,
    ],
    [
      'a dtype that bundles lack',
      { ...matmul, tensors: { ...matmul.tensors, 'in.a': ['u32', [3, 5]] } },
      /in.a is U32/,
    ],
    [
      'a gradient that flows in with another shape',
      { ...matmul, tensors: { ...matmul.tensors, 'in.grad.y': [2, 3], 'out.grad.a': [3, 5] } },
      /in.grad.y has shape \[2, 3\]: \[3, 2\] is needed/,
    ],
    [
      'a gradient of another shape',
      { ...matmul, tensors: { ...matmul.tensors, 'in.grad.y': [3, 2], 'out.grad.a': [5, 3] } },
      /out.grad.a has shape/,
    ],
    [
      'a gradient that nothing flows into',
      { ...matmul, tensors: { ...matmul.tensors, 'out.grad.a': [3, 5] } },
      /no in.grad/,
    ],
    [
      'a gradient of an unknown output',
      { ...matmul, tensors: { ...matmul.tensors, 'in.grad.z': [3, 2] } },
      /in.grad.z/,
    ],
    [
      'a gradient of what has none',
      { ...lora, tensors: { ...lora.tensors, 'in.grad.y': [3, 4], 'out.grad.weight': [4, 6] } },
      /out.grad.weight/,
    ],
    [
      'a rank that is not r',
      { ...lora, params: { r: 3, alpha: 4 } },
      /in.lora_A has shape \[2, 6\]: \[3, 6\] is needed/,
    ],
    [
      'codes beside a dense weight',
      { ...lora, tensors: { ...lora.tensors, 'in.absmax': [1] } },
      /in.absmax does not belong/,
    ],
    [
      'a magnitude without DoRA',
      { ...lora, tensors: { ...lora.tensors, 'in.magnitude': [4] } },
      /in.magnitude does not belong/,
    ],
    [
      'DoRA without a magnitude',
      { ...lora, params: { r: 2, alpha: 4, use_dora: true } },
      /in.magnitude is missing/,
    ],
    [
      'double quantization without its rounding',
      {
        op: 'quantize_4bit',
        params: { quant_type: 'nf4', compress_statistics: true },
        tensors: { 'in.weight': [64], 'out.packed': ['u8', [32, 1]] },
      },
      /nested_rounding/,
    ],
    [
      'nested statistics without double quantization',
      {
        op: 'quantize_4bit',
        params: { quant_type: 'nf4' },
        tensors: { 'in.weight': [64], 'out.absmax_q': ['u8', [1]] },
      },
      /out.absmax_q does not belong/,
    ],
    [
      'a block size that bitsandbytes lacks',
      {
        op: 'quantize_4bit',
        params: { quant_type: 'nf4', blocksize: 48 },
        tensors: { 'in.weight': [64], 'out.absmax': [2] },
      },
      /"blocksize"/,
    ],
    [
      'a hole in the numbering',
      { op: 'concat', params: { axis: 0 }, tensors: { 'in.x0': [1], 'in.x2': [1], 'out.y': [2] } },
      /"in.x2"/,
    ],
    [
      'a label that is no class',
      {
        op: 'cross_entropy',
        params: { ignore_index: 7 },
        tensors: { 'in.logits': [2, 3], 'in.labels': ['i32', [2], -1], 'out.loss': [1] },
      },
      /in.labels\[0\] is -1; 0 to 2 or 7 is needed/,
    ],
    [
      'an id without a row',
      {
        op: 'embedding',
        tensors: { 'in.weight': [3, 2], 'in.ids': ['i32', [2, 2], 3], 'out.y': [2, 2, 2] },
      },
      /in.ids\[0, 0\] is 3; 0 to 2 is needed/,
    ],
    [
      'a map that does not ascend',
      {
        op: 'quantize_blockwise',
        params: { rounding: 'nearest' },
        tensors: { 'in.x': [3], 'in.code': ['f32', [256], Number.NaN], 'out.q': ['u8', [3]] },
      },
      /in.code\[0\] is out of order/,
    ],
    [
      'integers to quantize',
      {
        op: 'quantize_4bit',
        params: { quant_type: 'nf4' },
        tensors: { 'in.weight': ['i32', [64]] },
      },
      /in.weight is I32/,
    ],
    [
      'an axis that is not there',
      { op: 'softmax', params: { axis: 2 }, tensors: { 'in.x': [2, 3], 'out.y': [2, 3] } },
      /axis 2 is not a dimension/,
    ],
    [
      'a hyperparameter that the optimizer has not',
      { op: 'optimizer_steps', params: { optimizer: 'sgd', betas: [0, 0] }, tensors: {} },
      /sgd has no betas; it has lr, momentum/,
    ],
    [
      'a rate by two names',
      { op: 'optimizer_steps', params: { optimizer: 'momentum', lr: 1, R: 1 }, tensors: {} },
      /lr and R are both the rate of momentum/,
    ],
  ];
  test.each(cases)('%s', (_, description, message) => {
    expect(refusal(bundle(description))).toMatch(message);
  });

  test('a safetensors file without a bundle', () => {
    expect(refusal(writeSafetensors({ x: hostTensorFrom('f32', [1], [1]) }))).toMatch(/no schema/);
  });
});

test('a change of any byte gives a valid bundle or a refusal in one line', () => {
  const file = bundle(lora);
  fc.assert(
    fc.property(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
      const changed = file.slice();
      changed[at] = value;
      refusal(changed);
    }),
    { numRuns: 2000 },
  );
});

test('hostile shapes and params never break the reader', () => {
  const shape = fc.array(fc.nat({ max: 5 }), { maxLength: 5 });
  const json = fc.jsonValue({ maxDepth: 2 });
  fc.assert(
    fc.property(
      fc.constantFrom(...VALID),
      fc.integer({ min: 0, max: 9 }),
      shape,
      fc.dictionary(fc.string(), json),
      (valid, at, wrong, params) => {
        const names = Object.keys(valid.tensors);
        const changed = { ...valid.tensors, [names[at % names.length] as string]: wrong };
        refusal(bundle({ ...valid, tensors: changed }));
        const known = Object.fromEntries(
          Object.keys(valid.params ?? {}).map((key, i) => [key, Object.values(params)[i]]),
        );
        refusal(bundle({ ...valid, params: { ...known, ...params } }));
      },
    ),
    { numRuns: 1000 },
  );
});

test('what is null is absent, also in an object of parameters, and stays in a config.json', () => {
  const nulls = { warmup: 2, total: null, num_cycles: null };
  const told = {
    ...llama.params,
    ...{ clip: null, quant: { nbits: null }, grad_scaler: { init_scale: 4, growth_factor: null } },
    schedule: { name: 'constant', ...nulls },
  };
  const without = {
    ...llama.params,
    ...{ quant: {}, grad_scaler: { init_scale: 4 } },
    schedule: { name: 'constant', warmup: 2 },
  };
  const read = (params: typeof told | typeof without) =>
    readParityBundle(bundle({ ...llama, params })).params;
  expect(read(told)).toEqual(read(without));
  const untied = { ...llama.params, config: { ...config, tie_word_embeddings: null } };
  expect(readParityBundle(bundle({ ...llama, params: untied })).params).toEqual(untied);
  const whole = { ...logits.params.config, sliding_window: null };
  expect(readParityBundle(bundle({ ...logits, params: { config: whole } })).params).toEqual({
    config: whole,
  });
  expect(refusal(bundle({ ...llama, params: { ...llama.params, mode: null } }))).toBe(
    'train_llama: params "mode": is missing',
  );
});

test('any op may say that its producer adds up in float32, which is no parameter of the op', () => {
  const product = (params: Readonly<Record<string, unknown>>) =>
    bundle({ op: 'matmul', params, tensors: { 'in.a': [2, 3], 'in.b': [3, 4], 'out.y': [2, 4] } });
  const said = readParityBundle(product({ transpose_a: false, accumulate: 'float32' }));
  expect(said.accumulate).toBe('float32');
  expect(said.params).toEqual({ transpose_a: false, transpose_b: false, alpha: 1, beta: 1 });
  const silu = { op: 'silu', tensors: { 'in.x': [2], 'out.y': [2] } } as const;
  expect(readParityBundle(bundle({ ...silu, params: { accumulate: 'float32' } })).accumulate).toBe(
    'float32',
  );
  for (const params of [{}, { accumulate: null }])
    expect(readParityBundle(product(params)).accumulate).toBeUndefined();
  const named = { y: 'float32' };
  expect(readParityBundle(product({ accumulate: named })).accumulate).toEqual(named);
  expect(refusal(product({ accumulate: { y: 'float32', 'grad.a': 'float32' } }))).toBe(
    'matmul: params "accumulate": there is no out.grad.a to say it of',
  );
  for (const accumulate of ['float16', 32, true, ['y'], { y: 'float16' }])
    expect(refusal(product({ accumulate }))).toBe(
      'matmul: params "accumulate": the one way that is known is "float32"',
    );
});
