import type { DType } from '../../src/tensor/dtype.ts';
import type { Shape } from '../../src/tensor/shape.ts';

/** Inputs by their shapes, and parameters. */
export interface Call {
  readonly inputs: Readonly<Record<string, Shape | undefined>>;
  /** Types of inputs that are not f32. */
  readonly dtypes?: Readonly<Record<string, DType>>;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * What to change of a call so that it is refused, with `code` or else `shape`. An undefined input
 * is left out.
 */
export interface Wrong extends Partial<Call> {
  readonly code?: string;
}

/** A call that fits, and what is wrong with others, by name. */
export interface Calls {
  readonly fits: Call;
  readonly wrong: Readonly<Record<string, Wrong>>;
}

const ADAM = { lr: 0.5, betas: [0.5, 0.5], eps: 1, weight_decay: 0, step: 1, mode: 'adamw' };

/** A loss of pairs. */
const PAIRS: Calls = {
  fits: { inputs: { input: [3, 4], target: [3, 4] }, params: {} },
  wrong: { shapes: { inputs: { target: [4] } } },
};

/** Calls by op. Of ops that share their checks one stands here for all. */
export const CALLS: Readonly<Record<string, Calls>> = {
  matmul: {
    fits: { inputs: { a: [3, 4], b: [4, 5] }, params: {} },
    wrong: {
      'no-dimensions-of-a': { inputs: { a: [] } },
      'no-dimensions-of-b': { inputs: { b: [] } },
      terms: { inputs: { b: [3, 5] } },
      'terms-of-vectors': { inputs: { a: [3], b: [4] } },
      batches: { inputs: { a: [2, 3, 4], b: [3, 4, 5] } },
      bias: { inputs: { bias: [4] } },
      'bias-of-more-rows': { inputs: { a: [1, 4], bias: [3, 5] } },
      'bias-of-more-dimensions': { inputs: { bias: [1, 3, 5] } },
      'batch-axes': { inputs: { a: [2, 1, 2, 1, 2, 1, 3, 4], b: [1, 2, 1, 2, 1, 2, 4, 5] } },
      'bias-times-0': { inputs: { bias: [4] }, params: { beta: 0 } },
      'share-of-integers': {
        dtypes: { a: 'i32', b: 'i32' },
        params: { alpha: 0.5 },
        code: 'bad-params',
      },
      'bias-share-of-integers': {
        dtypes: { a: 'i32', b: 'i32' },
        params: { beta: 2 ** 31 },
        code: 'bad-params',
      },
    },
  },
  accumulate_grad: {
    fits: { inputs: { a: [3, 4], b: [3, 4] }, params: {} },
    wrong: { transposed: { inputs: { b: [4, 3] } } },
  },
  cross_entropy: {
    fits: {
      inputs: { logits: [5, 3], labels: [5], weight: [3] },
      dtypes: { labels: 'i32' },
      params: {},
    },
    wrong: {
      labels: { inputs: { labels: [4] } },
      weight: { inputs: { weight: [4] } },
      'no-classes': { inputs: { logits: [5, 0], weight: [0] } },
      'shifted-dimensions': {
        inputs: { logits: [2, 2, 2, 3], labels: [2, 2, 2] },
        params: { shift: true },
      },
      'ignored-label': { params: { ignore_index: 2 ** 31 }, code: 'bad-params' },
    },
  },
  cross_entropy_prob_target: {
    fits: { inputs: { logits: [5, 3], target: [5, 3], weight: [3] }, params: {} },
    wrong: {
      target: { inputs: { target: [5] } },
      weight: { inputs: { weight: [5] } },
      'no-classes': { inputs: { logits: [5, 0], target: [5, 0], weight: [0] } },
    },
  },
  embedding: {
    fits: { inputs: { weight: [3, 4], ids: [2] }, dtypes: { ids: 'i32' }, params: {} },
    wrong: {
      weight: { inputs: { weight: [3, 4, 1] } },
      padding: { params: { padding_idx: 3 } },
      'padding-before-the-first': { params: { padding_idx: -4 } },
    },
  },
  rms_norm: {
    fits: { inputs: { x: [2, 3, 4], weight: [4] }, params: { eps: 1 } },
    wrong: {
      weight: { inputs: { weight: [3] } },
      axis: { params: { axis: 1 } },
      'axis-past-the-end': { inputs: { weight: [] }, params: { axis: 3 } },
      'axis-before-the-first': { params: { axis: -4 } },
    },
  },
  group_norm: {
    fits: { inputs: { x: [2, 6, 3], weight: [6], bias: [6] }, params: { num_groups: 3 } },
    wrong: {
      groups: { params: { num_groups: 4 } },
      weight: { inputs: { weight: [3] } },
      bias: { inputs: { bias: [6, 1] } },
      'no-channels': { inputs: { x: [6] }, params: { num_groups: 1 } },
    },
  },
  instance_norm: {
    fits: { inputs: { x: [2, 3, 4], weight: [3], bias: [3] }, params: {} },
    wrong: {
      weight: { inputs: { weight: [4] } },
      'running-statistics': { params: { use_input_stats: false }, code: 'bad-params' },
    },
  },
  layer_norm: {
    fits: { inputs: { x: [2, 3, 4], weight: [4], bias: [4] }, params: { eps: 1 } },
    wrong: {
      weight: { inputs: { weight: [3] } },
      bias: { inputs: { bias: [1] } },
      axis: { params: { axis: 1 } },
      'axis-before-the-first': { params: { axis: -4 } },
    },
  },
  nll_loss: {
    fits: {
      inputs: { log_probs: [5, 3], labels: [5], weight: [3] },
      dtypes: { labels: 'i32' },
      params: {},
    },
    wrong: {
      labels: { inputs: { labels: [4] } },
      weight: { inputs: { weight: [4] } },
      'ignored-label': { params: { ignore_index: 0.5 }, code: 'bad-params' },
    },
  },
  swiglu_mlp: {
    fits: { inputs: { x: [2, 3], gate: [5, 3], up: [5, 3], down: [4, 5] }, params: {} },
    wrong: {
      terms: { inputs: { gate: [5, 4], up: [5, 4] } },
      'gate-of-more-dimensions': { inputs: { gate: [5, 3, 1], up: [5, 3, 1] } },
      up: { inputs: { up: [4, 3] } },
      down: { inputs: { down: [4, 4] } },
      'down-of-more-dimensions': { inputs: { down: [4, 5, 1] } },
    },
  },
  scaled_dot_product_attention: {
    fits: {
      inputs: { q: [2, 4, 3, 5], k: [2, 2, 6, 5], v: [2, 2, 6, 3], mask: [3, 6] },
      params: { heads: 4 },
    },
    wrong: {
      heads: { params: { heads: 2 } },
      'joined-heads-of-no-number': { inputs: { q: [2, 3, 20] }, params: { heads: undefined } },
      'joined-heads-of-odd-width': { inputs: { q: [2, 3, 20] }, params: { heads: 3 } },
      'no-heads': {
        inputs: { q: [2, 3, 0], k: [2, 0, 6, 0], v: [2, 0, 6, 3] },
        params: { heads: 0 },
      },
      'negative-heads': { inputs: { q: [2, 3, 20] }, params: { heads: -4 } },
      'more-dimensions': { inputs: { q: [2, 3, 20, 1, 1] } },
      'batches-of-keys': { inputs: { k: [3, 2, 6, 5] } },
      'batches-of-values': { inputs: { v: [3, 2, 6, 3] } },
      width: { inputs: { k: [2, 2, 6, 4] } },
      'heads-of-values': { inputs: { v: [2, 4, 6, 3] } },
      'keys-and-values': { inputs: { v: [2, 2, 5, 3] } },
      groups: { inputs: { k: [2, 3, 6, 5], v: [2, 3, 6, 3] } },
      mask: { inputs: { mask: [3, 5] } },
      'mask-of-more-dimensions': { inputs: { mask: [1, 2, 4, 3, 6] } },
      'mask-of-integers': { dtypes: { mask: 'i32' }, code: 'element-type' },
      softcap: { params: { softcap: -1 }, code: 'bad-params' },
    },
  },
  rotary_embedding: {
    fits: {
      inputs: { q: [2, 4, 3, 6], k: [2, 2, 3, 6], position_ids: [2, 3] },
      dtypes: { position_ids: 'i32' },
      params: { head_dim: 6 },
    },
    wrong: {
      head_dim: { params: { head_dim: 4 } },
      'odd-head': {
        inputs: { q: [2, 4, 3, 5], k: [2, 2, 3, 5] },
        params: { head_dim: 5 },
        code: 'bad-params',
      },
      'empty-head': {
        inputs: { q: [2, 4, 3, 0], k: [2, 2, 3, 0] },
        params: { head_dim: 0 },
        code: 'bad-params',
      },
      'wide-head': {
        inputs: { q: [2, 1, 3, 2050], k: [2, 1, 3, 2050] },
        params: { head_dim: 2050 },
        code: 'bad-params',
      },
      theta: { params: { theta: 0.5 }, code: 'bad-params' },
      positions: { inputs: { position_ids: [2, 4] } },
      'positions-of-more-dimensions': { inputs: { position_ids: [1, 2, 3] } },
      batches: { inputs: { position_ids: [3, 3] } },
      'no-positions': { inputs: { q: [6], k: [6], position_ids: [0] } },
      keys: { inputs: { k: [2, 2, 4, 6] } },
    },
  },
  rotary_embedding_cache: {
    fits: {
      inputs: { x: [2, 4, 3, 6], cos: [7, 3], sin: [7, 3], position_ids: [2, 3] },
      dtypes: { position_ids: 'i32' },
      params: {},
    },
    wrong: {
      sin: { inputs: { sin: [7, 2] } },
      'wide-tables': { inputs: { cos: [7, 4], sin: [7, 4] } },
      positions: { inputs: { position_ids: [3, 2] } },
      'tables-by-sequence-and-position': { inputs: { cos: [2, 3, 3], sin: [2, 3, 3] } },
      'no-positions': { inputs: { position_ids: undefined } },
    },
  },
  softmax: {
    fits: { inputs: { x: [2, 3] }, params: {} },
    wrong: { axis: { params: { axis: 2 } } },
  },
  adamw_step: {
    fits: { inputs: { param: [5], grad: [5], exp_avg: [5], exp_avg_sq: [5] }, params: ADAM },
    wrong: {
      grad: { inputs: { grad: [4] } },
      exp_avg: { inputs: { exp_avg: [4] } },
      exp_avg_sq: { inputs: { exp_avg_sq: [4] } },
    },
  },
  adamw8bit_step: {
    fits: {
      inputs: {
        ...{ param: [35], grad: [35], exp_avg: [35], exp_avg_sq: [35] },
        ...{ exp_avg_absmax: [2], exp_avg_sq_absmax: [2], qmap: [2, 256] },
      },
      dtypes: { exp_avg: 'u8', exp_avg_sq: 'u8' },
      params: { ...ADAM, blocksize: 32 },
    },
    wrong: {
      grad: { inputs: { grad: [34] } },
      exp_avg: { inputs: { exp_avg: [34] } },
      exp_avg_sq: { inputs: { exp_avg_sq: [34] } },
      exp_avg_absmax: { inputs: { exp_avg_absmax: [1] } },
      exp_avg_sq_absmax: { inputs: { exp_avg_sq_absmax: [3] } },
      qmap: { inputs: { qmap: [256] } },
      block: { params: { blocksize: 48 }, code: 'not-implemented' },
      floats: { dtypes: { exp_avg: 'f32' }, code: 'element-type' },
    },
  },
  sgd_step: {
    fits: { inputs: { param: [5], grad: [5], momentum_buffer: [5] }, params: { lr: 1, step: 1 } },
    wrong: {
      grad: { inputs: { grad: [4] } },
      momentum_buffer: { inputs: { momentum_buffer: [4] } },
    },
  },
  amp_adamw_step: {
    fits: {
      inputs: { param: [5], grad: [5], exp_avg: [5], exp_avg_sq: [5], found_inf: [1], steps: [1] },
      dtypes: { steps: 'i32' },
      params: ADAM,
    },
    wrong: {
      grad: { inputs: { grad: [4] } },
      found_inf: { inputs: { found_inf: [5] } },
      steps: { inputs: { steps: [2] } },
      'too-many-steps': {
        params: { schedule: { name: 'linear', total: 2 ** 21 } },
        code: 'bad-params',
      },
    },
  },
  amp_adamw8bit_step: {
    fits: {
      inputs: {
        ...{ param: [35], grad: [35], exp_avg: [35], exp_avg_sq: [35] },
        ...{ exp_avg_absmax: [2], exp_avg_sq_absmax: [2], qmap: [2, 256] },
        ...{ found_inf: [1], steps: [1] },
      },
      dtypes: { exp_avg: 'u8', exp_avg_sq: 'u8', steps: 'i32' },
      params: { ...ADAM, blocksize: 32 },
    },
    wrong: {
      grad: { inputs: { grad: [34] } },
      exp_avg_absmax: { inputs: { exp_avg_absmax: [1] } },
      found_inf: { inputs: { found_inf: [5] } },
      steps: { inputs: { steps: [2] } },
      block: { params: { blocksize: 48 }, code: 'not-implemented' },
    },
  },
  amp_sgd_step: {
    fits: {
      inputs: { param: [5], grad: [5], momentum_buffer: [5], found_inf: [1], steps: [1] },
      dtypes: { steps: 'i32' },
      params: { lr: 1 },
    },
    wrong: {
      momentum_buffer: { inputs: { momentum_buffer: [4] } },
      steps: { inputs: { steps: [0] } },
    },
  },
  amp_unscale: {
    fits: { inputs: { grad: [5], scale: [1] }, params: {} },
    wrong: { scale: { inputs: { scale: [5] } } },
  },
  amp_update_scale: {
    fits: {
      inputs: { scale: [1], growth_tracker: [1], steps: [1], found_inf: [1] },
      dtypes: { growth_tracker: 'i32', steps: 'i32' },
      params: {},
    },
    wrong: { found_inf: { inputs: { found_inf: [5] } }, steps: { inputs: { steps: [2] } } },
  },
  optimizer_steps: {
    fits: { inputs: { param: [5], grads: [2, 5] }, params: { optimizer: 'adamw' } },
    wrong: {
      grads: { inputs: { grads: [2, 4] } },
      'no-steps': { inputs: { grads: [0, 5] } },
      optimizer: { params: { optimizer: 'guess' }, code: 'not-implemented' },
      'no-matrix': { params: { optimizer: 'muon' } },
      'what-it-has-not': { params: { R: 0.1 }, code: 'bad-params' },
      'half-a-state': {
        inputs: { 'state.exp_avg_absmax': [1] },
        params: { optimizer: 'adamw8bit', min_8bit_size: 0 },
        code: 'bad-params',
      },
    },
  },
  dequantize_4bit: {
    fits: {
      inputs: { packed: [50, 1], absmax: [4] },
      dtypes: { packed: 'u8' },
      params: { quant_type: 'nf4', blocksize: 32, shape: [100] },
    },
    wrong: {
      codes: { inputs: { packed: [49, 1] } },
      scales: { inputs: { absmax: [3] } },
      type: { params: { quant_type: 'nf3' }, code: 'not-implemented' },
      'blocks-of-odd-size': {
        inputs: { absmax: [3] },
        params: { blocksize: 48 },
        code: 'not-implemented',
      },
      'small-blocks': {
        inputs: { absmax: [7] },
        params: { blocksize: 16 },
        code: 'not-implemented',
      },
    },
  },
  quantize_4bit: {
    fits: { inputs: { weight: [10, 10] }, params: { quant_type: 'nf4', blocksize: 32 } },
    wrong: {
      type: { params: { quant_type: 'nf3' }, code: 'not-implemented' },
      integers: { dtypes: { weight: 'i32' }, code: 'element-type' },
    },
  },
  quantize_linear: {
    fits: {
      inputs: { x: [4, 6], scale: [6], zero_point: [6] },
      dtypes: { zero_point: 'u8' },
      params: { axis: 1 },
    },
    wrong: {
      scale: { inputs: { scale: [4] } },
      zero_point: { inputs: { zero_point: [4] } },
      axis: { params: { axis: 2 } },
      'one-for-all': { params: { axis: undefined } },
      blocks: { params: { block_size: 2 } },
    },
  },
  dequantize_linear: {
    fits: {
      inputs: { q: [4, 6], scale: [6], zero_point: [6] },
      dtypes: { q: 'u8', zero_point: 'u8' },
      params: { axis: 1 },
    },
    wrong: {
      type: { dtypes: { zero_point: 'i8' } },
      'packed-8-bits': { params: { packed: true, shape: [4, 6] }, code: 'bad-params' },
      'packed-as-bytes': { params: { packed: true, dtype: 'int4', shape: [4, 6] } },
    },
  },
  matmul_4bit: {
    fits: {
      inputs: { x: [17, 10], packed: [30, 1], absmax: [2] },
      dtypes: { packed: 'u8' },
      params: { quant_type: 'nf4', blocksize: 32, out_features: 6, in_features: 10 },
    },
    wrong: {
      terms: { inputs: { x: [3, 6] } },
      codes: { inputs: { packed: [29, 1] } },
      scales: { inputs: { absmax: [1] } },
      'blocks-of-odd-size': { params: { blocksize: 48 } },
      type: { params: { quant_type: 'nf3' }, code: 'not-implemented' },
    },
  },
  mlx_matmul: {
    fits: {
      inputs: { x: [5, 64], packed: [6, 8], scales: [6, 2], biases: [6, 2] },
      dtypes: { packed: 'i32' },
      params: { bits: 4, group_size: 32, out_features: 6, in_features: 64 },
    },
    wrong: {
      terms: { inputs: { x: [3, 32] } },
      codes: { inputs: { packed: [6, 7] } },
      scales: { inputs: { scales: [6, 1] } },
      biases: { inputs: { biases: [5, 2] } },
      'no-biases': { inputs: { biases: undefined } },
      'other-biases': { params: { mode: 'mxfp4' } },
      groups: { params: { group_size: 16 }, code: 'not-implemented' },
    },
  },
  hqq_matmul: {
    fits: {
      inputs: { x: [5, 64], packed: [6, 32], scale: [12, 1], zero: [12, 1] },
      dtypes: { packed: 'u8' },
      params: { nbits: 4, group_size: 32, out_features: 6, in_features: 64 },
    },
    wrong: {
      terms: { inputs: { x: [3, 32] } },
      codes: { inputs: { packed: [5, 32] } },
      words: { params: { nbits: 3 } },
      scales: { inputs: { scale: [6, 1] } },
      zeros: { inputs: { zero: [6, 1] } },
      groups: { params: { group_size: 48 } },
    },
  },
  quanto_matmul: {
    fits: {
      inputs: { x: [5, 64], packed: [6, 32], scale: [12, 1], shift: [12, 1] },
      dtypes: { packed: 'u8' },
      params: { bits: 4, group_size: 32, out_features: 6, in_features: 64 },
    },
    wrong: {
      terms: { inputs: { x: [3, 32] } },
      codes: { inputs: { packed: [5, 32] } },
      bits: { params: { bits: 2 } },
      scales: { inputs: { scale: [6, 1] } },
      shifts: { inputs: { shift: [6, 1] } },
      groups: { params: { group_size: 48 } },
      axis: { params: { axis: -1 } },
    },
  },
  matmul_8bit: {
    fits: {
      inputs: { x: [3, 10], q: [6, 10], scale: [6] },
      dtypes: { q: 'i8' },
      params: { codes: 'int8', blocksize: 10, out_features: 6, in_features: 10 },
    },
    wrong: {
      terms: { inputs: { x: [3, 6] } },
      codes: { inputs: { q: [5, 10] } },
      scales: { inputs: { scale: [5] } },
      blocks: { params: { blocksize: 20 } },
      columns: { params: { axis: -1 } },
      'no-map': { params: { codes: 'map' } },
      unsigned: { dtypes: { q: 'u8' } },
      'signed-floats': { params: { codes: 'e4m3' } },
    },
  },
  lora_linear: {
    fits: {
      inputs: { x: [2, 3], weight: [4, 3], lora_A: [2, 3], lora_B: [4, 2], bias: [4] },
      params: { r: 2, alpha: 1 },
    },
    wrong: {
      weight: { inputs: { weight: [3, 4] } },
      lora_A: { inputs: { lora_A: [3, 2] } },
      lora_B: { inputs: { lora_B: [4, 3] } },
      bias: { inputs: { bias: [3] } },
      rank: { params: { r: 3 } },
      'no-weight': { inputs: { weight: undefined } },
      'no-codes': { inputs: { absmax: [1] }, params: { base: 'nf4' } },
      'no-scales': { inputs: { packed: [6] }, dtypes: { packed: 'u8' }, params: { base: 'nf4' } },
      'no-magnitude': { params: { use_dora: true } },
      'magnitude-without-dora': { inputs: { magnitude: [4] } },
      magnitude: { inputs: { magnitude: [3] }, params: { use_dora: true } },
    },
  },
  conv1d: {
    fits: { inputs: { x: [2, 3, 5], weight: [4, 3, 2], bias: [4] }, params: {} },
    wrong: {
      'no-channels': { inputs: { x: [5] } },
      'no-kernel': { inputs: { weight: [4, 3] } },
      channels: { inputs: { weight: [4, 2, 2] } },
      bias: { inputs: { bias: [3] } },
      window: { inputs: { weight: [4, 3, 6] } },
    },
  },
  conv_transpose2d: {
    fits: { inputs: { x: [2, 3, 4, 5], weight: [3, 4, 2, 2], bias: [4] }, params: {} },
    wrong: {
      'no-image': { inputs: { x: [4, 5] } },
      channels: { inputs: { weight: [4, 4, 2, 2] } },
      bias: { inputs: { bias: [3] } },
      groups: { params: { groups: 2 } },
      'output-padding': { params: { output_padding: [2, 0], dilation: [2, 2] } },
    },
  },
  conv2d: {
    fits: { inputs: { x: [2, 4, 5, 6], weight: [6, 2, 3, 2], bias: [6] }, params: { groups: 2 } },
    wrong: {
      images: { inputs: { x: [5, 6] } },
      'weight-of-fewer-dimensions': { inputs: { weight: [6, 2, 3] } },
      channels: { inputs: { weight: [6, 4, 3, 2] } },
      groups: { inputs: { weight: [5, 2, 3, 2], bias: [5] } },
      bias: { inputs: { bias: [2] } },
      kernel: { inputs: { weight: [6, 2, 6, 2] } },
      'empty-kernel': { inputs: { weight: [6, 2, 0, 2] } },
      stride: { params: { stride: [0, 1] }, code: 'signature' },
      dilation: { params: { dilation: [1, 0.5] }, code: 'signature' },
      padding: { params: { padding: [0, 0, -1, 0] }, code: 'signature' },
    },
  },
  max_pool2d: {
    fits: { inputs: { x: [2, 3, 5, 6] }, params: { kernel: [3, 2], padding: [0, 1, 0, 1] } },
    wrong: {
      images: { inputs: { x: [5, 6] } },
      kernel: { params: { kernel: [3, 9] } },
      'empty-kernel': { params: { kernel: [0, 2] }, code: 'signature' },
      'spread-kernel': { params: { dilation: [3, 1] } },
      stride: { params: { stride: [1, -1] }, code: 'signature' },
      dilation: { params: { dilation: [0, 1] }, code: 'signature' },
      padding: { params: { padding: [0, 0.5, 0, 0] }, code: 'signature' },
    },
  },
  global_avg_pool2d: {
    fits: { inputs: { x: [2, 3, 5, 6] }, params: {} },
    wrong: { 'empty-images': { inputs: { x: [2, 3, 0, 6] }, code: 'signature' } },
  },
  batch_norm: {
    fits: {
      inputs: { x: [2, 3, 4], weight: [3], bias: [3], running_mean: [3], running_var: [3] },
      params: { eps: 1 },
    },
    wrong: {
      weight: { inputs: { weight: [4] } },
      bias: { inputs: { bias: [4] } },
      running_mean: { inputs: { running_mean: [4] } },
      running_var: { inputs: { running_var: [4] } },
      dimensions: { inputs: { x: [3] } },
      'one-value': { inputs: { x: [1, 3] }, params: { training: true } },
      'no-values': {
        inputs: { x: [0, 3] },
        params: { training: true, running_var_unbiased: false },
      },
      'too-many-channels': {
        inputs: {
          x: [1, 65_536],
          weight: [65_536],
          bias: [65_536],
          running_mean: [65_536],
          running_var: [65_536],
        },
      },
    },
  },
  dropout: {
    fits: { inputs: { x: [5] }, params: { p: 1, seed: 0, offset: 2 ** 53 - 1 } },
    wrong: {
      'p-above-1': { params: { p: 1.5 }, code: 'bad-params' },
      'p-below-0': { params: { p: -0.5 }, code: 'bad-params' },
      'p-not-a-number': { params: { p: Number.NaN }, code: 'bad-params' },
      'seed-below-0': { params: { seed: -1 }, code: 'bad-params' },
      'offset-too-large': { params: { offset: 2 ** 53 }, code: 'bad-params' },
    },
  },
  log_softmax: {
    fits: { inputs: { x: [2, 3] }, params: { axis: -2 } },
    wrong: {
      axis: { params: { axis: 2 } },
      'axis-before-the-first': { params: { axis: -3 } },
      'half-an-axis': { params: { axis: 0.5 } },
    },
  },
  add: {
    fits: { inputs: { a: [3, 4], b: [4] }, params: {} },
    wrong: {
      sizes: { inputs: { b: [3] } },
      axes: { inputs: { a: [2, 1, 2, 1, 2, 1, 2, 1, 2], b: [1, 2, 1, 2, 1, 2, 1, 2, 1] } },
      types: { dtypes: { a: 'u8', b: 'i8' }, code: 'element-type' },
    },
  },
  clip: {
    fits: { inputs: { x: [5] }, dtypes: { x: 'i32' }, params: { min: -1, max: 2 } },
    wrong: { 'half-an-integer': { params: { max: 0.5 }, code: 'bad-params' } },
  },
  reduce_sum: {
    fits: { inputs: { x: [2, 3, 4] }, params: { axes: [-3, 2] } },
    wrong: {
      axis: { params: { axes: [3] } },
      'axis-before-the-first': { params: { axes: [-4] } },
      'one-axis-twice': { params: { axes: [1, -2] } },
    },
  },
  reduce_max: {
    fits: { inputs: { x: [2, 3] }, params: { axes: [1] } },
    wrong: { 'no-elements': { inputs: { x: [2, 0] } } },
  },
  logsumexp: {
    fits: { inputs: { x: [2, 3] }, params: { axes: [1] } },
    wrong: { 'no-elements': { inputs: { x: [2, 0] } }, axis: { params: { axes: [2] } } },
  },
  var: {
    fits: { inputs: { x: [2, 3] }, params: { axes: [1] } },
    wrong: {
      axis: { params: { axes: [2] } },
      'one-term': { params: { axes: [] } },
      'no-more-than-the-correction': { params: { axes: [1], correction: 3 } },
    },
  },
  cumsum: {
    fits: { inputs: { x: [2, 3] }, params: { dim: 1 } },
    wrong: { dim: { params: { dim: 2 } }, 'dim-before-the-first': { params: { dim: -3 } } },
  },
  topk: {
    fits: { inputs: { x: [2, 3] }, params: { k: 3 } },
    wrong: {
      'too-many': { params: { k: 4 } },
      'fewer-than-none': { params: { k: -1 } },
      axis: { params: { k: 1, axis: 2 } },
      'axis-before-the-first': { params: { k: 1, axis: -3 } },
    },
  },
  argmax: {
    fits: { inputs: { x: [2, 3] }, params: { axis: 1 } },
    wrong: { nothing: { inputs: { x: [2, 0] } }, axis: { params: { axis: 2 } } },
  },
  cast: {
    fits: { inputs: { x: [5] }, params: { to: 'int8' } },
    wrong: { codes: { dtypes: { x: 'u32' }, code: 'element-type' } },
  },
  transpose: {
    fits: { inputs: { x: [2, 3] }, params: { perm: [1, 0] } },
    wrong: {
      'too-few': { params: { perm: [0] } },
      'too-many': { params: { perm: [1, 0, 2] } },
      'one-twice': { params: { perm: [1, 1] } },
      bits: { dtypes: { x: 'u32' }, code: 'element-type' },
    },
  },
  concat: {
    fits: { inputs: { x0: [2, 3], x1: [2, 1] }, params: { axis: -1 } },
    wrong: {
      sizes: { inputs: { x1: [3, 3] } },
      dimensions: { inputs: { x1: [2, 1, 1] } },
      types: { dtypes: { x0: 'u8', x1: 'i8' }, code: 'element-type' },
      bits: { dtypes: { x1: 'u32' }, code: 'element-type' },
      axis: { params: { axis: 2 } },
    },
  },
  gather: {
    fits: { inputs: { x: [3, 4], indices: [2] }, dtypes: { indices: 'i32' }, params: { axis: 1 } },
    wrong: { axis: { params: { axis: 2 } } },
  },
  take_along_dim: {
    fits: {
      inputs: { x: [3, 4], indices: [2, 9] },
      dtypes: { indices: 'i32' },
      params: { dim: 1 },
    },
    wrong: {
      dim: { params: { dim: 2 } },
      dimensions: { inputs: { indices: [2] } },
      'other-dimensions': { inputs: { indices: [4, 9] } },
      nothing: { inputs: { x: [3, 0] } },
    },
  },
  scatter_add: {
    fits: {
      inputs: { x: [3, 4], indices: [2, 9], src: [2, 10] },
      dtypes: { indices: 'i32' },
      params: { dim: -1 },
    },
    wrong: {
      dim: { params: { dim: -3 } },
      'dimensions-of-indices': { inputs: { indices: [2, 9, 1], src: [2, 9, 1] } },
      'dimensions-of-src': { inputs: { src: [2, 10, 1] } },
      'other-dimensions': { inputs: { indices: [4, 9], src: [4, 9] } },
      'too-few': { inputs: { src: [2, 8] } },
      nothing: { inputs: { x: [3, 0] } },
    },
  },
  mse_loss: PAIRS,
  l1_loss: PAIRS,
  smooth_l1_loss: PAIRS,
  huber_loss: PAIRS,
  kl_div: PAIRS,
  bce_with_logits: {
    fits: { ...PAIRS.fits, inputs: { ...PAIRS.fits.inputs, weight: [4], pos_weight: [3, 1] } },
    wrong: {
      ...PAIRS.wrong,
      weight: { inputs: { weight: [3] } },
      pos_weight: { inputs: { pos_weight: [1, 3, 4] } },
    },
  },
  pad: {
    fits: { inputs: { x: [3, 4] }, params: { pad: [3, 3], mode: 'reflect' } },
    wrong: {
      scalar: { inputs: { x: [] }, params: { pad: [] } },
      odd: { params: { pad: [3] } },
      'more-dimensions': { params: { pad: [1, 1, 0, 0, 0, 0] } },
      reflected: { params: { pad: [4, 0] } },
      repeated: { params: { pad: [0, 5], mode: 'circular' } },
      'cropped-whole': { params: { pad: [-3, -1], mode: 'replicate' } },
      'cropped-reflected': { params: { pad: [-6, 2], mode: 'reflect' } },
      'cropped-repeated': { params: { pad: [-2, 3], mode: 'circular' } },
      'cropped-away': { params: { pad: [-3, -2], mode: 'constant' } },
      nothing: { inputs: { x: [3, 0] }, params: { pad: [1, 0], mode: 'replicate' } },
      axes: { inputs: { x: [1, 1, 1, 1, 1, 1, 1, 1, 4] } },
    },
  },
  index_add: {
    fits: {
      inputs: { x: [3, 4], index: [5], source: [3, 5] },
      dtypes: { index: 'i32' },
      params: { dim: 1 },
    },
    wrong: {
      dim: { params: { dim: 2 } },
      matrix: { inputs: { index: [1, 5] } },
      slices: { inputs: { source: [3, 4] } },
      'other-dimensions': { inputs: { source: [2, 5] } },
      nothing: { inputs: { x: [3, 0] } },
    },
  },
  quantize_blockwise: {
    fits: { inputs: { x: [100], code: [256] }, params: { blocksize: 32, rounding: 'nearest' } },
    wrong: {
      map: { inputs: { code: [255] } },
      integers: { dtypes: { x: 'i32' }, code: 'element-type' },
      rounding: { params: { rounding: 'up' }, code: 'not-implemented' },
      'small-blocks': { params: { blocksize: 16 }, code: 'not-implemented' },
    },
  },
  hqq_quantize: {
    fits: { inputs: { weight: [3, 4] }, params: { nbits: 2, axis: 1, group_size: 4 } },
    wrong: {
      groups: { params: { group_size: 5 } },
      packing: { params: { packing: '4bit_u8' }, code: 'not-implemented' },
    },
  },
  mlx_quantize: {
    fits: { inputs: { weight: [5, 64], x: [3, 64] }, params: {} },
    wrong: {
      groups: { inputs: { weight: [5, 48] } },
      'no-dimensions': { inputs: { weight: [], x: undefined } },
      'terms-of-x': { inputs: { x: [3, 32] } },
      'batches-of-weights': { inputs: { weight: [2, 5, 64] } },
      integers: { dtypes: { weight: 'i32' }, code: 'element-type' },
      'bits-of-mxfp8': { params: { mode: 'mxfp8', bits: 4 }, code: 'not-implemented' },
      'groups-of-16': { params: { group_size: 16 }, code: 'not-implemented' },
    },
  },
  gguf_quantize: {
    fits: { inputs: { weight: [3, 64] }, params: { quant_type: 'q4_0' } },
    wrong: {
      rows: { inputs: { weight: [2, 48] } },
      'no-dimensions': { inputs: { weight: [] } },
      'blocks-that-are-read-alone': { params: { quant_type: 'q4_k' }, code: 'not-implemented' },
      integers: { dtypes: { weight: 'i32' }, code: 'element-type' },
    },
  },
  gguf_dequantize: {
    fits: {
      inputs: { packed: [3, 36] },
      dtypes: { packed: 'u8' },
      params: { quant_type: 'q4_0' },
    },
    wrong: {
      'bytes-of-a-row': { inputs: { packed: [3, 34] } },
      'no-dimensions': { inputs: { packed: [] } },
      floats: { dtypes: { packed: 'f32' }, code: 'element-type' },
    },
  },
  quantize_nbits: {
    fits: { inputs: { weight: [3, 37] }, params: { bits: 4, block_size: 16 } },
    wrong: {
      'one-dimension': { inputs: { weight: [48] } },
      'batches-of-weights': { inputs: { weight: [2, 3, 37] } },
      'no-rows': { inputs: { weight: [0, 37] } },
      'no-columns': { inputs: { weight: [3, 0] } },
      integers: { dtypes: { weight: 'i32' }, code: 'element-type' },
    },
  },
  dequantize_nbits: {
    fits: {
      inputs: { packed: [3, 3, 8], scales: [3, 3], zero_points: [3, 2] },
      dtypes: { packed: 'u8', zero_points: 'u8' },
      params: { bits: 4, block_size: 16, out_features: 3, in_features: 37 },
    },
    wrong: {
      'rows-of-codes': { inputs: { packed: [2, 3, 8] } },
      blocks: { inputs: { packed: [3, 2, 8] } },
      scales: { inputs: { scales: [3, 2] } },
      'zero-points': { inputs: { zero_points: [3, 3] } },
      'zero-points-of-both-kinds': { inputs: { float_zero_points: [3, 3] } },
      'blocks-of-columns': { inputs: { g_idx: [36] }, dtypes: { g_idx: 'i32' } },
      'another-block': { params: { block_size: 32 } },
      'another-width': { params: { bits: 8 } },
      'more-rows': { params: { out_features: 4 } },
      'more-columns': { params: { in_features: 49 } },
      floats: { dtypes: { packed: 'f32' }, code: 'element-type' },
    },
  },
  matmul_nbits: {
    fits: {
      inputs: { x: [2, 37], packed: [3, 3, 8], scales: [3, 3], zero_points: [3, 2] },
      dtypes: { packed: 'u8', zero_points: 'u8' },
      params: { bits: 4, block_size: 16, out_features: 3, in_features: 37 },
    },
    wrong: {
      terms: { inputs: { x: [2, 36] } },
      'no-rows-of-x': { inputs: { x: [0, 37] } },
      'rows-of-codes': { inputs: { packed: [2, 3, 8] } },
      scales: { inputs: { scales: [3, 2] } },
      'zero-points': { inputs: { zero_points: [3, 3] } },
      'zero-points-of-both-kinds': { inputs: { float_zero_points: [3, 3] } },
      'blocks-of-columns': { inputs: { g_idx: [36] }, dtypes: { g_idx: 'i32' } },
      'the-other-way': { params: { transpose_weight: false } },
    },
  },
  gguf_matmul: {
    fits: {
      inputs: { x: [3, 64], packed: [5, 36] },
      dtypes: { packed: 'u8' },
      params: { quant_type: 'q4_0' },
    },
    wrong: {
      terms: { inputs: { x: [3, 32] } },
      'no-rows-of-x': { inputs: { x: [0, 64] } },
      'bytes-of-a-row': { inputs: { packed: [5, 34] } },
      'batches-of-weights': { inputs: { packed: [2, 5, 36] } },
      'no-rows': { inputs: { packed: [0, 36] } },
    },
  },
  quanto_quantize: {
    fits: { inputs: { weight: [4, 6] }, params: { qtype: 'qint4', axis: -1, group_size: 2 } },
    wrong: {
      groups: { params: { group_size: 3 }, code: 'signature' },
      'one-dimension': { inputs: { weight: [24] }, code: 'signature' },
      'no-elements': { inputs: { weight: [0, 6] }, code: 'signature' },
      'groups-of-bytes': { params: { qtype: 'qint8' }, code: 'not-implemented' },
      integers: { dtypes: { weight: 'i32' }, code: 'element-type' },
    },
  },
  quanto_linear: {
    fits: {
      inputs: { x: [3, 10], q: [6, 10], scale: [6, 1], input_scale: [1], bias: [6] },
      dtypes: { q: 'i8' },
      params: {},
    },
    wrong: {
      terms: { inputs: { x: [3, 9] } },
      'more-dimensions': { inputs: { q: [6, 2, 5] } },
      scales: { inputs: { scale: [1, 1] } },
      'scales-of-x': { inputs: { input_scale: [3] } },
      bias: { inputs: { bias: [5] } },
      floats: { dtypes: { q: 'f32' }, code: 'element-type' },
    },
  },
  quanto_activation: {
    fits: { inputs: { x: [3, 10], scale: [1] }, params: { qtype: 'qfloat8_e4m3fn' } },
    wrong: {
      scales: { inputs: { scale: [3] } },
      integers: { dtypes: { x: 'i32' }, code: 'element-type' },
    },
  },
  quanto_calibrate: {
    fits: { inputs: { x: [3, 10], input_scale: [1] }, params: {} },
    wrong: {
      scales: { inputs: { input_scale: [3] } },
      'no-elements': { inputs: { x: [0, 10] } },
      integers: { dtypes: { x: 'i32' }, code: 'element-type' },
    },
  },
  dynamic_map: {
    fits: { inputs: {}, params: { signed: true } },
    wrong: {
      bits: { params: { signed: false, total_bits: 7 }, code: 'not-implemented' },
      'exponent-bits': {
        params: { signed: false, max_exponent_bits: 6 },
        code: 'not-implemented',
      },
    },
  },
  minmax_observer: {
    fits: { inputs: { x: [3, 4], min_val: [4], max_val: [4] }, params: { ch_axis: 1 } },
    wrong: {
      axis: { params: { ch_axis: 2 } },
      channels: { inputs: { min_val: [3], max_val: [3] } },
      'one-end': { inputs: { max_val: undefined } },
      nothing: { inputs: { x: [0, 4] } },
    },
  },
  sparse_ternarize: {
    fits: { inputs: { weight: [3, 4] }, params: { amount: 0.5, per_channel: true } },
    wrong: {
      nothing: { inputs: { weight: [3, 0] } },
      channels: { inputs: { weight: [65_536, 1] } },
    },
  },
  int8_linear: {
    fits: {
      inputs: {
        x: [3, 4],
        weight: [5, 4],
        x_scale: [3],
        weight_scale: [1],
        x_zero_point: [3],
        bias: [5],
      },
      dtypes: { x: 'i8', weight: 'i8', x_zero_point: 'i8' },
      params: {},
    },
    wrong: {
      terms: { inputs: { weight: [5, 3] } },
      bias: { inputs: { bias: [4] } },
      rows: { inputs: { x_scale: [4], x_zero_point: [4] } },
      columns: { inputs: { weight_scale: [4] } },
      'zero-points': { inputs: { x_zero_point: [1] } },
      floats: { dtypes: { x: 'f32' }, code: 'element-type' },
    },
  },
  mse_observer: {
    fits: { inputs: { x: [3, 4] }, params: { ch_axis: -1, grid: 5 } },
    wrong: {
      axis: { params: { ch_axis: 2 } },
      nothing: { inputs: { x: [0, 4] } },
    },
  },
  calculate_qparams: {
    fits: { inputs: { min_val: [5], max_val: [5] }, params: {} },
    wrong: {
      ends: { inputs: { max_val: [4] } },
      rows: { inputs: { min_val: [1, 5], max_val: [1, 5] } },
      'seven-bits': {
        params: { qscheme: 'symmetric', reduce_range: true },
        code: 'not-implemented',
      },
    },
  },
  quantile: {
    fits: { inputs: { x: [3, 4] }, params: { q: 0.5, per_channel: true } },
    wrong: {
      nothing: { inputs: { x: [3, 0] } },
      channels: { inputs: { x: [65_536, 1] } },
      share: { params: { q: 1.5 }, code: 'bad-params' },
      'no-share': { params: { q: Number.NaN }, code: 'bad-params' },
    },
  },
  histogram: {
    fits: {
      inputs: { x: [5], edges: [4], counts: [3] },
      dtypes: { counts: 'i32' },
      params: {},
    },
    wrong: {
      counts: { inputs: { counts: [4] } },
      'one-edge': { inputs: { edges: [1], counts: [0] } },
      'rows-of-edges': { inputs: { edges: [1, 4] } },
    },
  },
  histogram_quantile: {
    fits: { inputs: { counts: [3], edges: [4] }, dtypes: { counts: 'i32' }, params: { q: 0.5 } },
    wrong: {
      edges: { inputs: { edges: [3] } },
      'no-bin': { inputs: { counts: [0], edges: [1] } },
      'rows-of-counts': { inputs: { counts: [1, 3] } },
      share: { params: { q: 1.5 }, code: 'bad-params' },
    },
  },
  int8_vectorwise_quant: {
    fits: { inputs: { x: [3, 10] }, params: { threshold: 6 } },
    wrong: { integers: { dtypes: { x: 'i32' }, code: 'element-type' } },
  },
  linear_8bit_lt: {
    fits: { inputs: { x: [3, 10], weight: [6, 10], bias: [6] }, params: { threshold: 6 } },
    wrong: {
      weight: { inputs: { weight: [6, 9] } },
      bias: { inputs: { bias: [5] } },
      integers: { dtypes: { x: 'i8' }, code: 'element-type' },
    },
  },
  matmul_8bit_lt: {
    fits: {
      inputs: { x: [3, 10], q_weight: [6, 10], weight_stats: [6], bias: [6] },
      dtypes: { q_weight: 'i8' },
      params: { threshold: 6 },
    },
    wrong: {
      q_weight: { inputs: { q_weight: [6, 9] } },
      weight_stats: { inputs: { weight_stats: [5] } },
      bias: { inputs: { bias: [5] } },
      floats: { dtypes: { q_weight: 'f32' }, code: 'element-type' },
    },
  },
  bitnet_linear: {
    fits: {
      inputs: { x: [3, 10], packed: [15], scale: [1], bias: [6] },
      dtypes: { packed: 'u8' },
      params: { out_features: 6 },
    },
    wrong: {
      trits: { inputs: { packed: [14] } },
      scale: { inputs: { scale: [6] } },
      bias: { inputs: { bias: [5] } },
      floats: { dtypes: { packed: 'f32' }, code: 'element-type' },
    },
  },
  bitnet_quantize: {
    fits: { inputs: { weight: [3, 4] }, params: {} },
    wrong: { integers: { dtypes: { weight: 'i32' }, code: 'element-type' } },
  },
  abs_mean: {
    fits: { inputs: { weight: [3, 4], limit: [3] }, params: { per_channel: true } },
    wrong: { limit: { inputs: { limit: [4] } }, 'one-for-all': { inputs: { limit: [1] } } },
  },
  ternarize: {
    fits: { inputs: { weight: [3, 4], threshold: [3] }, params: { seed: 0 } },
    wrong: {
      threshold: { inputs: { threshold: [4] } },
      integers: { dtypes: { weight: 'i32' }, code: 'element-type' },
      'seed-below-0': { params: { seed: -1 }, code: 'bad-params' },
    },
  },
  fake_ternarize: {
    fits: { inputs: { weight: [3, 4], threshold: [3], scale: [1] }, params: {} },
    wrong: {
      threshold: { inputs: { threshold: [4] } },
      scale: { inputs: { scale: [4] } },
    },
  },
  ternary_matmul: {
    fits: {
      inputs: { x: [5, 10], packed: [15], scale: [6] },
      dtypes: { packed: 'u8' },
      params: { out_features: 6, in_features: 10 },
    },
    wrong: { trits: { inputs: { packed: [14] } }, scale: { inputs: { scale: [5] } } },
  },
  ternary_unpack: {
    fits: { inputs: { packed: [3] }, dtypes: { packed: 'u8' }, params: { shape: [10] } },
    wrong: { trits: { inputs: { packed: [2] } } },
  },
};
