import { describe, expect, test } from 'vitest';
import { launchesOf, type TracedCall } from './fixtures/launches.ts';

/** A kernel with the workgroups that it is launched with, along x and, beyond one, y and z. */
type Expected = readonly [kernel: string, x: number, y?: number, z?: number];

async function expectLaunches(op: string, call: TracedCall, expected: readonly Expected[]) {
  const launches = await launchesOf(op, call);
  expect(launches.map(({ shader, workgroups }) => [shader.file, ...workgroups])).toEqual(
    expected.map(([kernel, x, y = 1, z = 1]) => [kernel, x, y, z]),
  );
}

const x = { x: [600] };
const many = { x: [2400] };
const pair = { a: [2400], b: [2400] };
const moments = { param: [2400], grad: [2400], exp_avg: [2400], exp_avg_sq: [2400] };
const momentum = { param: [2400], grad: [2400], momentum_buffer: [2400] };
const found = { found_inf: [1], steps: [1] };
const adam = { lr: 0.5, betas: [0.5, 0.5], eps: 1, weight_decay: 0, step: 1, mode: 'adamw' };
const steps = { steps: 'i32' } as const;

describe('of four elements an invocation of 256, 2400 take three workgroups', () => {
  test.each<[op: string, kernel: string, call: TracedCall]>([
    ['add', 'math/add', { inputs: pair }],
    ['add', 'math/add', { inputs: { a: [40, 60], b: [60] } }],
    ['sub', 'math/sub', { inputs: pair }],
    ['mul', 'math/mul', { inputs: pair }],
    ['div', 'math/div', { inputs: pair }],
    ['relu', 'math/relu', { inputs: many }],
    ['relu', 'math/relu_backward', { inputs: many, wants: ['x'] }],
    ['relu6', 'math/relu6', { inputs: many }],
    ['sigmoid', 'math/sigmoid', { inputs: many }],
    ['gelu', 'math/gelu', { inputs: many }],
    ['gelu', 'math/gelu_backward', { inputs: many, wants: ['x'] }],
    ['clamp', 'math/clamp', { inputs: { ...many, min: [2400], max: [2400] } }],
    ['clip', 'math/clip', { inputs: many, params: { min: 0, max: 1 } }],
    ['silu', 'nn/silu', { inputs: many }],
    ['silu', 'nn/silu_backward', { inputs: many, wants: ['x'] }],
    ['accumulate_grad', 'nn/accumulate_grad', { inputs: pair }],
    ['dropout', 'nn/dropout', { inputs: many, params: { p: 0.5, seed: 1, offset: 0 } }],
    ['dropout', 'nn/dropout', { inputs: many, params: { p: 0.5, seed: 1 }, wants: ['x'] }],
    ['adamw_step', 'optim/adamw_step', { inputs: moments, params: adam }],
    ['sgd_step', 'optim/sgd_step', { inputs: momentum, params: { lr: 1, momentum: 0.5 } }],
    [
      'amp_adamw_step',
      'optim/amp_adamw_step',
      { inputs: { ...moments, ...found }, dtypes: steps, params: adam },
    ],
    [
      'amp_sgd_step',
      'optim/amp_sgd_step',
      { inputs: { ...momentum, ...found }, dtypes: steps, params: { lr: 1, momentum: 0.5 } },
    ],
    ['transpose', 'shape/copy', { inputs: { x: [41, 60] }, params: { perm: [1, 0] } }],
    [
      'embedding',
      'nn/embedding',
      { inputs: { weight: [9, 6], ids: [400] }, dtypes: { ids: 'i32' } },
    ],
    ['cast', 'math/cast', { inputs: many, params: { to: 'float16' } }],
    [
      'take_along_dim',
      'shape/take_along',
      {
        inputs: { x: [40, 60], indices: [40, 60] },
        dtypes: { indices: 'i32' },
        params: { dim: 1 },
      },
    ],
    ['random_words', 'bits/random_words', { inputs: {}, params: { shape: [2400], seed: 1 } }],
    [
      'ternary_unpack',
      'quant/ternary_unpack',
      { inputs: { packed: [600] }, dtypes: { packed: 'u8' }, params: { shape: [2400] } },
    ],
  ])('%s: %s', (op, kernel, call) => expectLaunches(op, call, [[kernel, 3]]));
});

describe('of four elements an invocation of 64, 600 take three workgroups', () => {
  test.each<[op: string, kernel: string, call: TracedCall]>([
    [
      'quantize_linear',
      'quant/quantize_linear',
      { inputs: { x: [200, 3], scale: [3] }, params: { axis: 1 } },
    ],
    [
      'dequantize_linear',
      'quant/dequantize_linear',
      { inputs: { q: [200, 3], scale: [3] }, dtypes: { q: 'u8' }, params: { axis: 1 } },
    ],
  ])('%s: %s', (op, kernel, call) => expectLaunches(op, call, [[kernel, 3]]));
});

describe('of one element an invocation, 600 take ten workgroups', () => {
  const image = { x: [1, 6, 20, 20] };
  test.each<[op: string, kernel: string, call: TracedCall]>([
    [
      'histogram',
      'math/histogram',
      { inputs: { ...x, edges: [4], counts: [3] }, dtypes: { counts: 'i32' } },
    ],
    ['range_violations', 'bits/range_violations', { inputs: x }],
    [
      'max_pool2d',
      'conv/max_pool2d',
      { inputs: image, params: { kernel: [2, 2], stride: [2, 2] } },
    ],
  ])('%s: %s', (op, kernel, call) => expectLaunches(op, call, [[kernel, 10]]));
});

describe('of one row an invocation, 200 take four workgroups', () => {
  const rows = { x: [200, 3] };
  test.each<[op: string, kernel: string, call: TracedCall]>([
    ['softmax', 'nn/softmax', { inputs: rows }],
    ['softmax', 'nn/softmax_backward', { inputs: rows, wants: ['x'] }],
    ['log_softmax', 'nn/log_softmax', { inputs: rows }],
    ['log_softmax', 'nn/log_softmax_backward', { inputs: rows, wants: ['x'] }],
    [
      'cross_entropy',
      'nn/cross_entropy_backward',
      { inputs: { logits: [200, 3], labels: [200] }, dtypes: { labels: 'i32' }, wants: ['logits'] },
    ],
    ['rms_norm', 'nn/rms_norm', { inputs: { ...rows, weight: [3] }, params: { eps: 1 } }],
    [
      'layer_norm',
      'nn/layer_norm',
      { inputs: { ...rows, weight: [3], bias: [3] }, params: { eps: 1 } },
    ],
  ])('%s: %s', (op, kernel, call) => expectLaunches(op, call, [[kernel, 4]]));
});

/** 240 queries, 200 keys; columns of 70, and of 130. */
const ATTENTION = { q: [2, 4, 30, 70], k: [2, 2, 50, 70], v: [2, 2, 50, 130] };
const DORA = {
  x: [100, 40],
  weight: [150, 40],
  lora_A: [4, 40],
  lora_B: [150, 4],
  magnitude: [150],
};
const dora = { r: 4, alpha: 8, use_dora: true };
const { magnitude: _, ...LORA } = DORA;
const SWIGLU = { x: [40, 8], gate: [60, 8], up: [60, 8], down: [5, 60] };
const BATCH_NORM = {
  inputs: { x: [50, 4, 12], weight: [4], bias: [4], running_mean: [4], running_var: [4] },
};
const FOUR_BITS = {
  inputs: { x: [100, 64], packed: [3200, 1], absmax: [100] },
  dtypes: { packed: 'u8' },
  params: { quant_type: 'nf4', blocksize: 64, out_features: 100, in_features: 64 },
} as const;
const TERNARY = {
  inputs: { x: [50, 40], packed: [1500], scale: [150] },
  dtypes: { packed: 'u8' },
  params: { out_features: 150, in_features: 40 },
} as const;
const CONV = {
  inputs: { x: [2, 8, 20, 20], weight: [8, 8, 3, 3], bias: [8] },
  params: { padding: [1, 1, 1, 1] },
};

describe('workgroups are as many as their work needs', () => {
  test.each<[string, op: string, call: TracedCall, expected: readonly Expected[]]>([
    [
      'shares of 256 terms, then their sum',
      'reduce_sum',
      { inputs: { x: [100, 300] }, params: { axes: [1] } },
      [
        ['math/reduce_sum', 4],
        ['math/reduce_sum', 2],
      ],
    ],
    [
      'shares of 256 terms, then the largest',
      'reduce_max',
      { inputs: { x: [100, 301] }, params: { axes: [1] } },
      [
        ['math/argmax', 4],
        ['math/argmax', 2],
      ],
    ],
    [
      'shares of exponentials, then their sum',
      'logsumexp',
      { inputs: { x: [100, 1028] }, params: { axes: [1] } },
      [
        ['math/argmax_fours', 4],
        ['math/argmax', 2],
        ['math/exp_sum', 8],
        ['math/reduce_sum', 2],
        ['math/logsumexp', 1],
      ],
    ],
    [
      'squares of 32 rows and columns of each matrix',
      'transpose',
      { inputs: { x: [3, 36, 68] }, params: { perm: [0, 2, 1] } },
      [['shape/transpose', 18]],
    ],
    [
      'pages of 4096 elements, four times',
      'quantile',
      { inputs: { x: [9000] }, params: { q: 0.5 } },
      [
        ['shape/fill', 1],
        ['shape/fill', 1],
        ...Array.from({ length: 4 }, (): Expected[] => [
          ['math/quantile_count', 3],
          ['math/quantile_descend', 1],
        ]).flat(),
        ['shape/fill', 1],
        ['math/quantile_next', 3],
        ['math/quantile', 1],
      ],
    ],
    [
      'a page for each channel',
      'quantile',
      { inputs: { x: [200, 5] }, params: { q: 0.5, per_channel: true } },
      [
        ['shape/fill', 1],
        ['shape/fill', 50],
        ...Array.from({ length: 4 }, (): Expected[] => [
          ['math/quantile_count', 1, 200],
          ['math/quantile_descend', 4],
        ]).flat(),
        ['shape/fill', 1],
        ['math/quantile_next', 1, 200],
        ['math/quantile', 4],
      ],
    ],
    ['four bytes a word', 'cast', { inputs: many, params: { to: 'int8' } }, [['math/cast', 3]]],
    [
      'rows of a workgroup, and fours of columns of the weight',
      'rms_norm',
      { inputs: { x: [200, 70], weight: [70] }, params: { eps: 1 }, wants: ['x', 'weight'] },
      [
        ['nn/rms_norm_backward_x', 200],
        ['nn/rms_norm_backward_weight', 1],
      ],
    ],
    ['elements', 'batch_norm', { ...BATCH_NORM, params: { eps: 1 } }, [['nn/batch_norm', 3]]],
    [
      'channels, then elements',
      'batch_norm',
      { ...BATCH_NORM, params: { eps: 1, training: true } },
      [
        ['nn/batch_norm_stats', 4],
        ['nn/batch_norm', 3],
      ],
    ],
    [
      'channels, then elements, backward',
      'batch_norm',
      { ...BATCH_NORM, params: { eps: 1, training: true }, wants: ['x', 'weight', 'bias'] },
      [
        ['nn/batch_norm_backward_sums', 4],
        ['nn/batch_norm_backward_x', 3],
      ],
    ],
    [
      '32 parts of a row, then rows',
      'cross_entropy',
      { inputs: { logits: [20, 3000], labels: [20] }, dtypes: { labels: 'i32' } },
      [
        ['nn/cross_entropy_parts', 10],
        ['nn/cross_entropy_rows', 1],
        ['nn/cross_entropy_reduce', 1],
        ['nn/cross_entropy_log_probs', 10],
      ],
    ],
    [
      'rows',
      'nll_loss',
      { inputs: { log_probs: [200, 3], labels: [200] }, dtypes: { labels: 'i32' } },
      [
        ['nn/nll_loss_rows', 4],
        ['nn/cross_entropy_reduce', 1],
      ],
    ],
    [
      'a row of each of 256 lanes, in rounds',
      'topk',
      { inputs: { x: [600, 3] }, params: { k: 1 } },
      [['math/topk', 600]],
    ],
    [
      '256 rows, one a lane',
      'topk',
      { inputs: { x: [600, 3] }, params: { k: 1 }, variant: 'serial' },
      [['math/topk', 3]],
    ],
    [
      'words of a vocabulary, ids, and fours of the weight',
      'embedding',
      { inputs: { weight: [100, 12], ids: [70] }, dtypes: { ids: 'i32' }, wants: ['weight'] },
      [
        ['nn/embedding_heads', 2],
        ['nn/embedding_chain', 2],
        ['nn/embedding_backward', 2],
      ],
    ],
    [
      'fours of each part',
      'concat',
      { inputs: { x0: [40, 30], x1: [5, 30] }, params: { axis: 0 } },
      [
        ['shape/copy', 2],
        ['shape/copy', 1],
      ],
    ],
    [
      'indices, and fours',
      'gather',
      {
        inputs: { x: [20, 30], indices: [10, 30] },
        dtypes: { indices: 'i32' },
        params: { axis: 0 },
      },
      [
        ['shape/gather_rows', 5],
        ['shape/take_along', 9],
      ],
    ],
    [
      'elements of the image',
      'max_pool2d',
      { inputs: { x: [1, 4, 20, 20] }, params: { kernel: [2, 2] }, wants: ['x'] },
      [['conv/max_pool2d_backward', 25]],
    ],
    [
      'images and channels',
      'global_avg_pool2d',
      { inputs: { x: [40, 4, 20, 20] } },
      [['conv/avg_pool2d', 3]],
    ],
    [
      // 2 x 100 tiles of 4 x 4 of two images.
      'tiles of channels and positions',
      'conv2d',
      { ...CONV, variant: 'register' },
      [['matmul/register', 4, 1, 2]],
    ],
    [
      // 2 x 18 tiles of channels and taps of two images; then their sum.
      'tiles of channels and taps',
      'conv2d',
      { ...CONV, variant: 'register', wants: ['weight'] },
      [
        ['matmul/register', 1, 1, 2],
        ['math/reduce_sum', 9],
      ],
    ],
    [
      // Five strips of three pieces, eight channels of two images.
      'pieces of strips of images',
      'conv2d',
      { inputs: { x: [2, 8, 20, 20], weight: [8, 1, 1, 1] }, params: { groups: 8 } },
      [['conv/depthwise', 4]],
    ],
    [
      'angles of positions, then elements of queries and keys',
      'rotary_embedding',
      {
        inputs: { q: [2, 4, 30, 6], k: [2, 2, 30, 6], position_ids: [2, 30] },
        dtypes: { position_ids: 'i32' },
        params: { head_dim: 6 },
      },
      [
        ['attention/rotary_angles', 3],
        ['attention/rotary_embedding_cache', 23],
        ['attention/rotary_embedding_cache', 12],
      ],
    ],
    [
      // 8 heads of 2 tiles; 130 columns of values in two blocks, filled up before.
      'tiles of 16 queries in the registers of quads, and blocks of up to 128 columns',
      'scaled_dot_product_attention',
      { inputs: ATTENTION, variant: 'flash' },
      [
        ['shape/pad', 270],
        ['shape/pad', 225],
        ['shape/pad', 413],
        ['attention/attention_flash', 1, 1, 2],
      ],
    ],
    [
      'tiles of 16 queries or keys, and blocks of up to 128 columns',
      'scaled_dot_product_attention',
      { inputs: ATTENTION, variant: 'flash', wants: ['q', 'k', 'v'] },
      [
        ['attention/attention_delta', 4],
        ['shape/pad', 270],
        ['shape/pad', 225],
        ['shape/pad', 413],
        ['shape/pad', 495],
        ['attention/attention_flash_backward_q', 1],
        ['attention/attention_flash_backward_kv', 1],
        ['attention/attention_flash_backward_kv', 1, 1, 2],
      ],
    ],
    [
      // 8 heads of a tile of queries, 4 of two of keys.
      'tiles of 32 queries, and blocks of 64 columns',
      'scaled_dot_product_attention',
      { inputs: { ...ATTENTION, v: [2, 2, 50, 132] }, variant: 'tiled' },
      [
        ['shape/pad', 270],
        ['shape/pad', 225],
        ['attention/attention_tiled', 8, 1, 3],
      ],
    ],
    [
      'tiles of 32 queries or keys, and blocks of 64 columns',
      'scaled_dot_product_attention',
      {
        inputs: { q: [2, 4, 30, 72], k: [2, 2, 50, 72], v: [2, 2, 50, 132] },
        variant: 'tiled',
        wants: ['q', 'k', 'v'],
      },
      [
        ['attention/attention_delta', 4],
        ['attention/attention_tiled_backward_q', 8, 1, 2],
        ['attention/attention_tiled_backward_kv', 8, 1, 2],
        ['attention/attention_tiled_backward_kv', 8, 1, 3],
      ],
    ],
    [
      // 25 x 10 tiles.
      'tiles of 4 x 16, of what is small',
      'matmul',
      { inputs: { a: [100, 40], b: [40, 150] }, variant: 'tiled' },
      [['matmul/split', 250]],
    ],
    [
      'tiles of each batch',
      'matmul',
      { inputs: { a: [3, 100, 40], b: [3, 40, 150] }, variant: 'tiled' },
      [['matmul/split', 250, 1, 3]],
    ],
    [
      'tiles of a row',
      'matmul',
      { inputs: { a: [1, 40], b: [40, 150] }, variant: 'tiled' },
      [['matmul/split', 10]],
    ],
    [
      'tiles of 32 x 32, 15 by 14 of them',
      'matmul',
      { inputs: { a: [450, 40], b: [40, 448] }, variant: 'tiled' },
      [['matmul/workgroup', 210]],
    ],
    [
      'tiles of 64 x 64, 16 by 16 of them',
      'matmul',
      { inputs: { a: [1000, 40], b: [40, 1024] }, variant: 'tiled' },
      [['matmul/workgroup', 256]],
    ],
    [
      'tiles of 64 x 64, 32 by 32 of them',
      'matmul',
      { inputs: { a: [2048, 40], b: [40, 2000] }, variant: 'tiled' },
      [['matmul/workgroup', 1024]],
    ],
    [
      // 25 x 38 tiles.
      'tiles of 4 x 4, 64 of them',
      'matmul',
      { inputs: { a: [100, 40], b: [40, 150] }, variant: 'register' },
      [['matmul/register', 15]],
    ],
    [
      // 7 x 10 quads.
      'tiles of 16 x 16, four of them',
      'matmul',
      { inputs: { a: [100, 40], b: [40, 150] }, variant: 'subgroup' },
      [['matmul/quad', 18]],
    ],
    [
      // 10 x 15 tiles of 4 x 4 twice, 600 quads, 10 x 2 tiles.
      'tiles, and four elements between them',
      'swiglu_mlp',
      { inputs: SWIGLU, variant: 'register' },
      [
        ['matmul/register', 3],
        ['matmul/register', 3],
        ['nn/swiglu', 3],
        ['matmul/register', 1],
      ],
    ],
    [
      'tiles, and four elements between them, backward',
      'swiglu_mlp',
      { inputs: SWIGLU, variant: 'register', wants: ['gate'] },
      [
        ['matmul/register', 3],
        ['nn/swiglu_backward', 3],
        ['matmul/register', 1],
      ],
    ],
    [
      'tiles of what W, A and B give',
      'lora_linear',
      { inputs: LORA, params: { r: 4, alpha: 8 }, variant: 'tiled' },
      [
        ['matmul/split', 250],
        ['matmul/split', 25],
        ['lora/lora_update', 15],
      ],
    ],
    [
      'rows of W, and elements of y',
      'lora_linear',
      { inputs: DORA, params: dora, variant: 'tiled' },
      [
        ['matmul/split', 250],
        ['matmul/split', 25],
        ['lora/lora_update', 15],
        ['lora/dora_norm', 3],
        ['lora/dora_scale', 235],
      ],
    ],
    [
      'magnitudes',
      'lora_linear',
      { inputs: DORA, params: dora, variant: 'tiled', wants: ['magnitude'] },
      [['lora/dora_magnitude', 3]],
    ],
    [
      'sixteen codes by one scale',
      'quantize_linear',
      { inputs: { x: [3000], scale: [1] } },
      [['quant/quantize_linear', 3]],
    ],
    [
      'sixteen codes of one scale, decoded',
      'dequantize_linear',
      { inputs: { q: [3000], scale: [1] }, dtypes: { q: 'u8' } },
      [['quant/dequantize_linear', 3]],
    ],
    [
      'thirty-two codes of a row, sixteen decoded',
      'int8_vectorwise_quant',
      { inputs: { x: [40, 256] } },
      [
        ['quant/block_absmax', 10],
        ['quant/quantize_rows', 2],
        ['quant/outlier_list', 1],
        ['quant/dequantize_rows', 3],
      ],
    ],
    [
      'sixteen trits',
      'ternarize',
      { inputs: { weight: [160, 64], threshold: [1] } },
      [['quant/ternary_encode', 3]],
    ],
    [
      'sixteen codes of a group',
      'quanto_quantize',
      { inputs: { weight: [40, 256] }, params: { qtype: 'qint8', axis: 0 } },
      [
        ['quant/quanto_scale', 1],
        ['quant/quanto_codes', 3],
      ],
    ],
    [
      'four codes of several groups',
      'quanto_quantize',
      { inputs: { weight: [160, 20] }, params: { qtype: 'qint8', axis: -1 } },
      [
        ['quant/quanto_scale', 1],
        ['quant/quanto_codes', 4],
      ],
    ],
    [
      'a block of codes',
      'quantize_nbits',
      { inputs: { weight: [70, 64] }, params: { bits: 4, block_size: 32, symmetric: true } },
      [['quant/nbits_codes', 3]],
    ],
    [
      'sixteen lanes a block, then 32 codes, and twice eight elements',
      'quantize_4bit',
      { inputs: { weight: [640] }, params: { quant_type: 'nf4', blocksize: 64 } },
      [
        ['quant/block_absmax', 3],
        ['quant/quantize', 1],
        ['quant/dequantize', 1],
      ],
    ],
    [
      'a block a lane, and twice eight elements',
      'quantize_4bit',
      {
        inputs: { weight: [6400] },
        params: { quant_type: 'nf4', blocksize: 64 },
        variant: 'serial',
      },
      [
        ['quant/quantize', 2],
        ['quant/dequantize', 7],
      ],
    ],
    [
      'twice eight elements',
      'dequantize_4bit',
      {
        inputs: { packed: [320, 1], absmax: [10] },
        dtypes: { packed: 'u8' },
        params: { quant_type: 'nf4', blocksize: 64, shape: [640] },
      },
      [['quant/dequantize', 1]],
    ],
    [
      'tiles of 4 x 4',
      'matmul_4bit',
      { ...FOUR_BITS, variant: 'register' },
      [['matmul/register', 10]],
    ],
    [
      'tiles of 4 x 4 of a gradient',
      'matmul_4bit',
      { ...FOUR_BITS, variant: 'register', wants: ['x'] },
      [['matmul/register', 7]],
    ],
    [
      'tiles of 32 x 16',
      'matmul_4bit',
      { ...FOUR_BITS, variant: 'subgroup' },
      [['matmul/quad', 7]],
    ],
    [
      'sixteen lanes a block, then four elements, twice',
      'quantize_blockwise',
      { inputs: { ...many, code: [256] }, params: { blocksize: 32, rounding: 'nearest' } },
      [
        ['quant/block_absmax', 19],
        ['quant/quantize_blockwise', 3],
        ['quant/dequantize_blockwise', 3],
      ],
    ],
    [
      'sixteen elements a lane, then one mean',
      'abs_mean',
      { inputs: { weight: [20_000] } },
      [
        ['quant/masked_abs_sum', 20],
        ['quant/mean_of_partials', 1],
      ],
    ],
    [
      'three lanes a channel, then channels',
      'abs_mean',
      { inputs: { weight: [200, 48] }, params: { per_channel: true } },
      [
        ['quant/masked_abs_sum', 10],
        ['quant/mean_of_partials', 200],
      ],
    ],
    [
      'sixteen trits',
      'ternary_pack',
      { inputs: { trits: [1600] }, dtypes: { trits: 'i8' } },
      [['quant/ternary_pack', 2]],
    ],
    [
      'twenty trits',
      'ternary_pack',
      { inputs: { trits: [1600] }, dtypes: { trits: 'i8' }, params: { order: 'base3' } },
      [['quant/ternary_pack_base3', 2]],
    ],
    [
      'tiles of 32 rows and 8 columns',
      'ternary_matmul',
      { ...TERNARY, variant: 'skip-zeros' },
      [['quant/ternary_matmul_sparse', 19, 2]],
    ],
    [
      'tiles of 32 x 16 of trits',
      'ternary_matmul',
      { ...TERNARY, variant: 'subgroup' },
      [['matmul/quad', 5]],
    ],
    [
      'tiles of 32 x 16 of trits, backward',
      'ternary_matmul',
      { ...TERNARY, variant: 'subgroup', wants: ['x'] },
      [['matmul/quad', 2]],
    ],
    [
      'shares of 256 elements, and four elements',
      'clip_grad_norm',
      { inputs: { g0: [20_000], g1: [1300] }, params: { max_norm: 1 } },
      [
        ['optim/grad_norm_shares', 2],
        ['optim/grad_norm_shares', 1],
        ['optim/grad_norm', 1],
        ['optim/clip_grad_norm', 20],
        ['optim/clip_grad_norm', 2],
      ],
    ],
    ['4096 words', 'fingerprint', { inputs: { x: [10_000] } }, [['bits/fingerprint', 3]]],
    [
      '4096 words, up to 16',
      'fingerprint',
      { inputs: { x: [100_000] } },
      [['bits/fingerprint', 16]],
    ],
  ])('%s: %s', (_, op, call, expected) => expectLaunches(op, call, expected));
});
