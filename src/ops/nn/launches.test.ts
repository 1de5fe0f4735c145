import { describe, expect, test } from 'vitest';
import { product, sum } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall, type TracedCall } from '../fixtures/launches.ts';

const x = { x: [5, 7] };
const each = (kernel: string, binds: string) => ({
  kernel,
  binds,
  uniforms: { count: 35 },
  elementwise: { count: 35 },
});

describe('of an element-wise kernel', () => {
  test.each<CallRow>([
    [
      'two gradients',
      'accumulate_grad',
      { inputs: { a: [5, 7], b: [5, 7] } },
      [each('nn/accumulate_grad', 'a b y')],
      { y: 'f32 5x7' },
    ],
    ['forward', 'silu', { inputs: x }, [each('nn/silu', 'x y')], { y: 'f32 5x7' }],
    [
      'backward',
      'silu',
      { inputs: x, wants: ['x'] },
      [each('nn/silu_backward', 'x dy dx')],
      { x: 'f32 5x7' },
    ],
    ['without a gradient', 'silu', { inputs: x, wants: ['y'] }, [], {}],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test('gradients of two shapes are refused', async () => {
    const call = { inputs: { a: [5, 7], b: [7, 5] } };
    await expect(describedCall('accumulate_grad', call)).rejects.toMatchObject({
      message: 'accumulate_grad of 5x7 and 7x5 does not fit',
    });
  });
});

const NORM = { x: [2, 3, 5], weight: [3], bias: [3], running_mean: [3], running_var: [3] };
const CLONES = [
  { copy: "running_mean running_mean'", bytes: 12 },
  { copy: "running_var running_var'", bytes: 12 },
];
const RUNNING = { running_mean: 'f32 3', running_var: 'f32 3' };
const stats = (unbias: number) => ({
  kernel: 'nn/batch_norm_stats',
  binds: "x running_mean running_var batch_mean batch_var running_mean' running_var'",
  uniforms: {
    ...{ channels: 3, inner: 5, count: 10 },
    ...{ keep: 0.75, momentum: 0.25, unbias: Math.fround(unbias) },
  },
});
const normed = (mean: string, variance: string) => ({
  kernel: 'nn/batch_norm',
  binds: `x weight bias ${mean} ${variance} y`,
  uniforms: { size: 30, channels: 3, inner: 5, eps: 0.5 },
  constants: { FOURS: 0 },
});
const sums = (mean: string, variance: string, into: string) => ({
  kernel: 'nn/batch_norm_backward_sums',
  binds: `x ${mean} ${variance} dy ${into}`,
  uniforms: { channels: 3, inner: 5, count: 10, eps: 0.5 },
});
const normGradient = (mean: string, variance: string, from: string, share: number) => ({
  kernel: 'nn/batch_norm_backward_x',
  binds: `x weight ${mean} ${variance} dy ${from} dx`,
  uniforms: { size: 30, channels: 3, inner: 5, eps: 0.5, share: Math.fround(share) },
  constants: { FOURS: 0 },
});
const training = { eps: 0.5, momentum: 0.25, training: true };

describe('batch norm', () => {
  test.each<CallRow>([
    [
      'by the running statistics, which stay',
      'batch_norm',
      { inputs: NORM, params: { eps: 0.5 } },
      [...CLONES, normed('running_mean', 'running_var')],
      { y: 'f32 2x3x5', ...RUNNING },
    ],
    [
      'by the batch, of an unbiased variance',
      'batch_norm',
      { inputs: NORM, params: training },
      [stats(10 / 9), normed('batch_mean', 'batch_var')],
      { y: 'f32 2x3x5', ...RUNNING, batch_mean: 'f32 3', batch_var: 'f32 3' },
    ],
    [
      'by the batch, of a biased variance',
      'batch_norm',
      { inputs: NORM, params: { ...training, running_var_unbiased: false } },
      [stats(1), normed('batch_mean', 'batch_var')],
      { y: 'f32 2x3x5', ...RUNNING, batch_mean: 'f32 3', batch_var: 'f32 3' },
    ],
    [
      'all gradients of training',
      'batch_norm',
      { inputs: NORM, params: training, wants: ['x', 'weight', 'bias'] },
      [
        sums('batch_mean', 'batch_var', 'dweight dbias'),
        normGradient('batch_mean', 'batch_var', 'dweight dbias', 1 / 10),
      ],
      { x: 'f32 2x3x5', weight: 'f32 3', bias: 'f32 3' },
    ],
    [
      'the gradient of x alone, outside of training',
      'batch_norm',
      { inputs: NORM, params: { eps: 0.5 }, wants: ['x'] },
      [
        sums('running_mean', 'running_var', '[12] [12]#2'),
        normGradient('running_mean', 'running_var', '[12] [12]#2', 0),
      ],
      { x: 'f32 2x3x5' },
    ],
    [
      'the gradient of the weight alone',
      'batch_norm',
      { inputs: NORM, params: { eps: 0.5 }, wants: ['weight'] },
      [sums('running_mean', 'running_var', 'dweight [12]')],
      { weight: 'f32 3' },
    ],
    [
      'the gradient of the bias alone',
      'batch_norm',
      { inputs: NORM, params: { eps: 0.5 }, wants: ['bias'] },
      [sums('running_mean', 'running_var', '[12] dbias')],
      { bias: 'f32 3' },
    ],
    [
      'no gradient that is not wanted',
      'batch_norm',
      { inputs: NORM, params: { eps: 0.5 }, wants: ['running_mean'] },
      [],
      {},
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each([
    [
      'one value has no unbiased variance',
      { ...NORM, x: [1, 3] },
      training,
      'a channel of 1x3 has too few values for a variance',
    ],
    [
      'no value has none',
      { ...NORM, x: [0, 3, 5] },
      { ...training, running_var_unbiased: false },
      'a channel of 0x3x5 has too few',
    ],
    [
      'a part of another size',
      { ...NORM, bias: [4] },
      training,
      'batch_norm: bias is 4, x 2x3x5: they should be [C] and [N, C, ...]',
    ],
    ['no channels', { ...NORM, x: [3] }, training, 'batch_norm: weight is 3, x 3'],
    [
      'too many channels',
      Object.fromEntries(
        Object.keys(NORM).map((name) => [name, name === 'x' ? [1, 65_536] : [65_536]]),
      ),
      {},
      'batch_norm: 65536 channels are more than 65535',
    ],
  ])('refuses: %s', async (_, inputs, params, message) => {
    await expect(
      describedCall('batch_norm', { inputs: inputs as typeof NORM, params }),
    ).rejects.toThrow(message);
  });

  test('takes one value with a biased variance', async () => {
    const params = { ...training, running_var_unbiased: false };
    const { commands } = await describedCall('batch_norm', {
      inputs: { ...NORM, x: [1, 3] },
      params,
    });
    expect(commands).toMatchObject([{ uniforms: { count: 1, unbias: 1 } }, {}]);
  });

  test('takes 65,535 channels', async () => {
    const inputs = Object.fromEntries(Object.keys(NORM).map((name) => [name, [65_535]]));
    const { commands } = await describedCall('batch_norm', {
      inputs: { ...inputs, x: [1, 65_535] },
    });
    expect(commands.at(-1)).toMatchObject({ uniforms: { channels: 65_535, inner: 1 } });
  });
});

const labels = { labels: 'i32' } as const;
const SCORES = { labels: [2, 5] };
const smoothed = { label_smoothing: 0.25 };
const rowsOfLoss = (
  kernel: string,
  binds: string,
  uniforms: Readonly<Record<string, number>>,
  constants?: Readonly<Record<string, number>>,
) => ({ kernel, binds, uniforms, ...(constants ? { constants } : {}) });
const smoothedBy = (smooths: number) => ({ SMOOTHED: smooths });
const SMOOTHED = { keep: 0.75, spread: Math.fround(0.25 / 3) };

describe('losses of rows', () => {
  test.each<CallRow>([
    [
      'the mean of rows, with log-probabilities',
      'cross_entropy',
      { inputs: { logits: [2, 3, 5], ...SCORES }, dtypes: labels, params: smoothed },
      [
        rowsOfLoss(
          'nn/cross_entropy_parts',
          'logits logits [160]',
          { rows: 10, classes: 3, inner: 5, parts: 1, weighted: 0 },
          smoothedBy(1),
        ),
        rowsOfLoss('nn/cross_entropy_rows', 'logits labels logits [160] [40] row_stats targets', {
          ...{ rows: 10, classes: 3, inner: 5, parts: 1, weighted: 0 },
          ...{ ignore_index: -100, sequence: 0, ...SMOOTHED },
        }),
        rowsOfLoss('nn/cross_entropy_reduce', '[40] row_stats loss normalizer', {
          ...{ rows: 10, mean: 1 },
        }),
        rowsOfLoss('nn/cross_entropy_log_probs', 'logits row_stats log_probs', {
          ...{ rows: 10, classes: 3, inner: 5, parts: 1 },
        }),
      ],
      {
        loss: 'f32 1',
        log_probs: 'f32 2x3x5',
        row_stats: 'f32 10x4',
        targets: 'i32 10',
        normalizer: 'f32 1',
      },
    ],
    [
      'each row of a shifted sequence, with weights and without log-probabilities',
      'cross_entropy',
      {
        inputs: { logits: [2, 4, 3], labels: [2, 4], weight: [3] },
        dtypes: labels,
        params: { shift: true, reduction: 'none', log_probs: false, ignore_index: 7 },
      },
      [
        rowsOfLoss(
          'nn/cross_entropy_parts',
          'logits weight [128]',
          { rows: 8, classes: 3, inner: 1, parts: 1, weighted: 1 },
          smoothedBy(0),
        ),
        rowsOfLoss('nn/cross_entropy_rows', 'logits labels weight [128] loss row_stats targets', {
          ...{ rows: 8, classes: 3, inner: 1, parts: 1, weighted: 1 },
          ...{ ignore_index: 7, sequence: 4, keep: 1, spread: 0 },
        }),
      ],
      { loss: 'f32 2x4', row_stats: 'f32 8x4', targets: 'i32 8' },
    ],
    [
      'the sum of rows of two parts',
      'cross_entropy',
      {
        inputs: { logits: [3, 513], labels: [3] },
        dtypes: labels,
        params: { reduction: 'sum', log_probs: false },
        variant: 'parts',
      },
      [
        rowsOfLoss(
          'nn/cross_entropy_parts',
          'logits logits [96]',
          { rows: 3, classes: 513, inner: 1, parts: 2, weighted: 0 },
          smoothedBy(0),
        ),
        rowsOfLoss('nn/cross_entropy_rows', 'logits labels logits [96] [12] row_stats targets', {
          ...{ rows: 3, classes: 513, inner: 1, parts: 2, weighted: 0 },
          ...{ ignore_index: -100, sequence: 0, keep: 1, spread: 0 },
        }),
        rowsOfLoss('nn/cross_entropy_reduce', '[12] row_stats loss normalizer', {
          ...{ rows: 3, mean: 0 },
        }),
      ],
      { loss: 'f32 1', row_stats: 'f32 3x4', targets: 'i32 3', normalizer: 'f32 1' },
    ],
    [
      'the gradient of a mean',
      'cross_entropy',
      {
        inputs: { logits: [2, 3, 5], ...SCORES },
        dtypes: labels,
        params: smoothed,
        wants: ['logits'],
      },
      [
        rowsOfLoss(
          'nn/cross_entropy_backward',
          'logits row_stats targets logits dloss normalizer dlogits',
          {
            rows: 10,
            classes: 3,
            first: 0,
            inner: 5,
            parts: 1,
            weighted: 0,
            reduced: 1,
            ...SMOOTHED,
          },
          smoothedBy(1),
        ),
      ],
      { logits: 'f32 2x3x5' },
    ],
    [
      'the gradient of each row, with weights',
      'cross_entropy',
      {
        inputs: { logits: [2, 3, 5], ...SCORES, weight: [3] },
        dtypes: labels,
        params: { ...smoothed, reduction: 'none' },
        wants: ['logits'],
      },
      [
        rowsOfLoss(
          'nn/cross_entropy_backward',
          'logits row_stats targets weight dloss dloss dlogits',
          {
            rows: 10,
            classes: 3,
            first: 0,
            inner: 5,
            parts: 1,
            weighted: 1,
            reduced: 0,
            ...SMOOTHED,
          },
          smoothedBy(1),
        ),
      ],
      { logits: 'f32 2x3x5' },
    ],
    [
      'no gradient that is not wanted',
      'cross_entropy',
      { inputs: { logits: [2, 3, 5], ...SCORES }, dtypes: labels, wants: ['labels'] },
      [],
      {},
    ],
    [
      'the sum of rows',
      'nll_loss',
      {
        inputs: { log_probs: [2, 3, 5], ...SCORES },
        dtypes: labels,
        params: { reduction: 'sum' },
      },
      [
        rowsOfLoss('nn/nll_loss_rows', 'log_probs labels log_probs [40] row_stats targets', {
          ...{ rows: 10, classes: 3, inner: 5, weighted: 0, ignore_index: -100 },
        }),
        rowsOfLoss('nn/cross_entropy_reduce', '[40] row_stats loss normalizer', {
          ...{ rows: 10, mean: 0 },
        }),
      ],
      { loss: 'f32 1', row_stats: 'f32 10x4', targets: 'i32 10', normalizer: 'f32 1' },
    ],
    [
      'each row, with weights',
      'nll_loss',
      {
        inputs: { log_probs: [2, 3, 5], ...SCORES, weight: [3] },
        dtypes: labels,
        params: { reduction: 'none', ignore_index: 2 },
      },
      [
        rowsOfLoss('nn/nll_loss_rows', 'log_probs labels weight loss row_stats targets', {
          ...{ rows: 10, classes: 3, inner: 5, weighted: 1, ignore_index: 2 },
        }),
      ],
      { loss: 'f32 2x5', row_stats: 'f32 10x4', targets: 'i32 10' },
    ],
    [
      'the gradient of a mean',
      'nll_loss',
      { inputs: { log_probs: [2, 3, 5], ...SCORES }, dtypes: labels, wants: ['log_probs'] },
      [
        rowsOfLoss('shape/fill', 'dlog_probs', { count: 30, bits: 0 }),
        rowsOfLoss('nn/nll_loss_backward', 'row_stats targets dloss normalizer dlog_probs', {
          ...{ rows: 10, classes: 3, inner: 5, reduced: 1 },
        }),
      ],
      { log_probs: 'f32 2x3x5' },
    ],
    [
      'the gradient of each row',
      'nll_loss',
      {
        inputs: { log_probs: [2, 3, 5], ...SCORES },
        dtypes: labels,
        params: { reduction: 'none' },
        wants: ['log_probs'],
      },
      [
        rowsOfLoss('shape/fill', 'dlog_probs', { count: 30, bits: 0 }),
        rowsOfLoss('nn/nll_loss_backward', 'row_stats targets dloss dloss dlog_probs', {
          ...{ rows: 10, classes: 3, inner: 5, reduced: 0 },
        }),
      ],
      { log_probs: 'f32 2x3x5' },
    ],
    [
      'no gradient that is not wanted',
      'nll_loss',
      { inputs: { log_probs: [2, 3, 5], ...SCORES }, dtypes: labels, wants: ['labels'] },
      [],
      {},
    ],
    [
      'along an axis in the middle',
      'softmax',
      { inputs: { x: [2, 3, 5] }, params: { axis: 1 } },
      [rowsOfLoss('nn/softmax', 'x y', { rows: 10, classes: 3, inner: 5 }, { LANES: 1 })],
      { y: 'f32 2x3x5' },
    ],
    [
      'along the last axis, backward',
      'log_softmax',
      { inputs: { x: [2, 3, 5] }, wants: ['x'] },
      [
        rowsOfLoss(
          'nn/log_softmax_backward',
          'y dy dx',
          { rows: 6, classes: 5, inner: 1 },
          { LANES: 1 },
        ),
      ],
      { x: 'f32 2x3x5' },
    ],
    ['no gradient that is not wanted', 'softmax', { inputs: x, wants: ['y'] }, [], {}],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

describe('rows of a loss are refused', () => {
  const given = { logits: [2, 3, 5], ...SCORES };
  test.each<[string, TracedCall['inputs'], object, string]>([
    ['labels of other rows', { ...given, labels: [2, 4] }, {}, '2x3x5, labels 2x4 do not fit'],
    [
      'a weight of other classes',
      { ...given, weight: [4] },
      {},
      '2x3x5, labels 2x5, weight 4 do not fit',
    ],
    ['no classes', { logits: [2, 0], labels: [2] }, {}, '2x0, labels 2 do not fit'],
    [
      'labels of more than a batch of sequences',
      { logits: [2, 3, 4, 5], labels: [2, 3, 4] },
      { shift: true },
      'with shift: labels 2x3x4 are neither [S] nor [B, S]',
    ],
    [
      'labels of a sequence whose classes do not come last',
      given,
      { shift: true },
      '2x3x5, labels 2x5 do not fit with shift',
    ],
  ])('%s', async (_, inputs, params, message) => {
    const call = { inputs, dtypes: labels, params };
    await expect(describedCall('cross_entropy', call)).rejects.toMatchObject({
      message: `cross_entropy${message.startsWith('with') ? ' ' : ': scores '}${message}`,
    });
  });

  test.each([0.5, 2 ** 31, -(2 ** 31) - 1])('%d as the label that is left out', async (index) => {
    const call = { inputs: given, dtypes: labels, params: { ignore_index: index } };
    await expect(describedCall('cross_entropy', call)).rejects.toThrow(
      `cross_entropy: ignore_index ${index} is not a 32-bit integer, so no label can have it`,
    );
  });

  test.each([2 ** 31 - 1, -(2 ** 31)])('but %d is a label', async (index) => {
    const params = { ignore_index: index, log_probs: false };
    const { commands } = await describedCall('cross_entropy', {
      inputs: given,
      dtypes: labels,
      params,
    });
    expect(commands[1]).toMatchObject({ uniforms: { ignore_index: index } });
  });

  test('none of one sequence', async () => {
    const { commands } = await describedCall('cross_entropy', {
      inputs: { logits: [6, 3], labels: [6] },
      dtypes: labels,
      params: { shift: true },
    });
    expect(commands[1]).toMatchObject({ uniforms: { rows: 6, sequence: 6 } });
  });

  test('along an axis that is not there', async () => {
    const call = { inputs: { x: [2, 3] }, params: { axis: 2 } };
    await expect(describedCall('softmax', call)).rejects.toMatchObject({
      message: 'softmax: a tensor of 2x3 has no axis 2',
    });
  });

  test('none, where there is one', async () => {
    const inputs = { log_probs: [3], labels: [1], weight: [3] };
    const { commands, results } = await describedCall('nll_loss', {
      inputs,
      dtypes: labels,
      params: { reduction: 'none' },
    });
    expect(commands).toMatchObject([{ uniforms: { rows: 1, classes: 3, inner: 1 } }]);
    expect(results).toMatchObject({ loss: 'f32 1' });
  });
});

const masked = (binds: string, threshold: number, scale: number) => ({
  kernel: 'nn/dropout',
  binds,
  uniforms: { seed: [5, 1], offset: [7, 2], count: 35, threshold, scale: Math.fround(scale) },
});
const drawn = { seed: 2 ** 32 + 5, offset: 2 * 2 ** 32 + 7 };

describe('dropout', () => {
  test.each<CallRow>([
    [
      'a word below a quarter of 2^32 drops',
      'dropout',
      { inputs: x, params: { p: 0.25, ...drawn } },
      [masked('x y', 2 ** 30, 4 / 3)],
      { y: 'f32 5x7' },
    ],
    [
      // A tenth of 2^32 is 429,496,729.6.
      'a word below a tenth of 2^32, rounded, drops',
      'dropout',
      { inputs: x, params: { p: 0.1, ...drawn } },
      [masked('x y', 429_496_730, 1 / 0.9)],
      { y: 'f32 5x7' },
    ],
    [
      'every word but the last drops',
      'dropout',
      { inputs: x, params: { p: 1, ...drawn } },
      [masked('x y', 2 ** 32 - 1, 0)],
      { y: 'f32 5x7' },
    ],
    [
      'no word drops',
      'dropout',
      { inputs: x, params: { p: 0, ...drawn, offset: () => drawn.offset } },
      [masked('x y', 0, 1)],
      { y: 'f32 5x7' },
    ],
    [
      'the gradient meets the same words',
      'dropout',
      { inputs: x, params: { p: 0.5, ...drawn }, wants: ['x'] },
      [masked('dy dx', 2 ** 31, 2)],
      { x: 'f32 5x7' },
    ],
    [
      'no gradient that is not wanted',
      'dropout',
      { inputs: x, params: { p: 0.5, ...drawn }, wants: ['y'] },
      [],
      {},
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each([
    [{ p: 1.5, seed: 1 }, 'dropout: p is 1.5; give a probability'],
    [{ p: -0.5, seed: 1 }, 'dropout: p is -0.5; give a probability'],
    [{ p: 0.5, seed: 2 ** 53 }, 'dropout: seed is 9007199254740992; give a whole number below'],
    [{ p: 0.5, seed: 1, offset: -1 }, 'dropout: offset is -1; give a whole number below 2^53'],
  ])('refuses %j', async (params, message) => {
    await expect(describedCall('dropout', { inputs: x, params })).rejects.toThrow(message);
  });
});

describe('rows of a matrix', () => {
  const ids = { inputs: { weight: [9, 6], ids: [2, 5] }, dtypes: { ids: 'i32' } } as const;
  test.each<CallRow>([
    [
      'are gathered',
      'embedding',
      ids,
      [
        {
          kernel: 'nn/embedding',
          binds: 'weight ids y',
          uniforms: { count: 60, width: 6, vocabulary: 9 },
          constants: { FOURS: 0 },
        },
      ],
      { y: 'f32 2x5x6' },
    ],
    [
      'get the sum of what meets them',
      'embedding',
      { ...ids, wants: ['weight'] },
      [
        { kernel: 'nn/embedding_heads', binds: '[76]', uniforms: { rows: 10, vocabulary: 9 } },
        {
          kernel: 'nn/embedding_chain',
          binds: 'ids [76]',
          uniforms: { rows: 10, vocabulary: 9 },
          flops: 100,
        },
        {
          kernel: 'nn/embedding_backward',
          binds: 'dy [76] dweight',
          uniforms: { count: 54, width: 6, rows: 10, vocabulary: 9, padding: 9 },
          constants: { FOURS: 0 },
        },
      ],
      { weight: 'f32 9x6' },
    ],
    ['get nothing that is not wanted', 'embedding', { ...ids, wants: ['ids'] }, [], {}],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each([
    [{ weight: [9], ids: [2] }, 'embedding needs a weight of shape [V, D], not 9'],
    [{ weight: [0, 6], ids: [2] }, '0x6 has no row that 2 ids could read'],
    [{ weight: [9, 6], ids: [2] }, 'embedding: padding_idx -10 is none of 9 rows', -10],
  ])('are not read from %j', async (inputs, message, padding_idx?: number) => {
    const params = padding_idx === undefined ? {} : { padding_idx };
    const call = { inputs, dtypes: ids.dtypes, params };
    await expect(describedCall('embedding', call)).rejects.toThrow(message);
  });

  test.each([
    [0, 0],
    [-2, 7],
  ])('of padding %d take no gradient', async (padding_idx, row) => {
    const { commands } = await describedCall('embedding', {
      ...ids,
      params: { padding_idx },
      wants: ['weight'],
    });
    expect(commands.at(-1)).toMatchObject({ uniforms: { padding: row } });
  });

  test('of a matrix without rows are read by no id', async () => {
    const call = { inputs: { weight: [0, 6], ids: [0] }, dtypes: ids.dtypes };
    await expectCall('embedding', call, [], { y: 'f32 0x6' });
  });
});

describe('rows that are normalized by themselves', () => {
  const rows = { x: [2, 3, 5], weight: [3, 5] };
  const params = { axis: 1, eps: 0.5 };
  const all = { inputs: { ...rows, bias: [3, 5] }, params, wants: ['x', 'weight', 'bias'] };
  const row = { rows: 2, width: 15 };
  test.each<CallRow>([
    [
      'without a bias',
      'rms_norm',
      { inputs: rows, params },
      [
        {
          kernel: 'nn/rms_norm',
          binds: 'x weight weight y row_stats',
          uniforms: { ...row, eps: 0.5 },
          constants: { LANES: 1, BIASED: 0 },
        },
      ],
      { y: 'f32 2x3x5', row_stats: 'f32 2' },
    ],
    [
      'with a bias',
      'layer_norm',
      { inputs: { ...rows, bias: [3, 5] }, params },
      [
        {
          kernel: 'nn/layer_norm',
          binds: 'x weight bias y row_stats',
          uniforms: { ...row, eps: 0.5 },
          constants: { LANES: 1, BIASED: 1 },
        },
      ],
      { y: 'f32 2x3x5', row_stats: 'f32 2x2' },
    ],
    ...(['rms_norm', 'layer_norm'] as const).map(
      (op): CallRow => [
        'all gradients',
        op,
        all,
        [
          {
            ...{ kernel: `nn/${op}_backward_x`, binds: 'x weight row_stats dy dx' },
            ...{ uniforms: row, constants: { LANES: 1 } },
          },
          {
            ...{ kernel: `nn/${op}_backward_weight`, binds: 'x row_stats dy dweight' },
            uniforms: { ...row, parts: 1 },
          },
          sum(
            'dy dbias',
            [15, 2, 1],
            [
              [15, 1, 0, 0],
              [2, 15, 0, 0],
            ],
            { inner: 1 },
          ),
        ],
        { x: 'f32 2x3x5', weight: 'f32 3x5', bias: 'f32 3x5' },
      ],
    ),
    [
      'the gradient of the weight alone, along the last axis',
      'layer_norm',
      { inputs: { x: [2, 3, 5], weight: [5] }, wants: ['weight', 'bias'] },
      [
        {
          kernel: 'nn/layer_norm_backward_weight',
          binds: 'x row_stats dy dweight',
          uniforms: { rows: 6, width: 5, parts: 1 },
        },
      ],
      { weight: 'f32 5' },
    ],
    [
      'all as one row',
      'rms_norm',
      { inputs: { x: [2, 3], weight: [2, 3] }, params: { axis: 0, eps: 0.5 } },
      [
        {
          kernel: 'nn/rms_norm',
          binds: 'x weight weight y row_stats',
          uniforms: { rows: 1, width: 6, eps: 0.5 },
          constants: { LANES: 1, BIASED: 0 },
        },
      ],
      { y: 'f32 2x3', row_stats: 'f32 1' },
    ],
    [
      'the gradient of the weight of more rows than an invocation adds up',
      'rms_norm',
      { inputs: { x: [257, 5], weight: [5] }, wants: ['weight'] },
      [
        {
          kernel: 'nn/rms_norm_backward_weight',
          binds: 'x row_stats dy [40]',
          uniforms: { rows: 257, width: 5, parts: 2 },
        },
        sum(
          '[40] dweight',
          [5, 2, 1],
          [
            [5, 1, 0, 0],
            [2, 5, 0, 0],
          ],
          { inner: 1 },
        ),
      ],
      { weight: 'f32 5' },
    ],
    [
      'long rows by a workgroup each',
      'layer_norm',
      { inputs: { x: [3, 64], weight: [64] }, params: { eps: 0.5 } },
      [
        {
          kernel: 'nn/layer_norm',
          binds: 'x weight weight y row_stats',
          uniforms: { rows: 3, width: 64, eps: 0.5 },
          constants: { LANES: 64, BIASED: 0 },
        },
      ],
      { y: 'f32 3x64', row_stats: 'f32 3x2' },
    ],
    ['no gradient that is not wanted', 'rms_norm', { ...all, wants: ['y'] }, [], {}],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each([
    [
      { x: [2, 3], weight: [2] },
      -1,
      'layer_norm of 2x3 from axis -1 on does not fit a weight or bias of 2',
    ],
    [
      { x: [2, 3], weight: [3], bias: [2] },
      1,
      'layer_norm of 2x3 from axis 1 on does not fit a weight or bias of 2',
    ],
    [{ x: [2, 3], weight: [] }, 2, 'layer_norm of 2x3 from axis 2 on does not fit its dimensions'],
    [
      { x: [2, 3], weight: [3] },
      -3,
      'layer_norm of 2x3 from axis -3 on does not fit its dimensions',
    ],
  ])('are refused: %j from axis %i on', async (inputs, axis, message) => {
    const call = { inputs: inputs as { x: number[] }, params: { axis } };
    await expect(describedCall('layer_norm', call)).rejects.toThrow(message);
  });
});

describe('the feed-forward layer of Llama', () => {
  const inputs = { x: [2, 3, 4], gate: [5, 4], up: [5, 4], down: [7, 5] };
  const call = { inputs, variant: 'register' };
  const byX = { size: [6, 5, 4], a: [4, 1], b: [1, 4] } as const;
  const hidden = (into: string) => ({
    kernel: 'nn/swiglu',
    binds: `gated raised ${into}`,
    uniforms: { count: 30 },
  });
  const ofWeight = { size: [5, 4, 6], a: [1, 5], b: [4, 1] } as const;
  const ofX = { size: [6, 4, 5], a: [5, 1], b: [4, 1] } as const;
  const ofDown = { size: [7, 5, 6], a: [1, 7], b: [5, 1] } as const;
  const ofHidden = { size: [6, 5, 7], a: [7, 1], b: [5, 1] } as const;
  test.each<CallRow>([
    [
      'forward',
      'swiglu_mlp',
      call,
      [
        product('x gate x gated', byX),
        product('x up x raised', byX),
        hidden('[120]'),
        product('[120] down [120] y', { size: [6, 7, 5], a: [5, 1], b: [1, 5] }),
      ],
      { y: 'f32 2x3x7', gated: 'f32 2x3x5', raised: 'f32 2x3x5' },
    ],
    [
      'all gradients',
      'swiglu_mlp',
      { ...call, wants: ['x', 'gate', 'up', 'down'] },
      [
        hidden('[120]'),
        product('dy [120] dy ddown', ofDown),
        product('dy down dy [120]#2', ofHidden),
        {
          kernel: 'nn/swiglu_backward',
          binds: 'gated raised [120]#2 [120]#3 [120]#4',
          uniforms: { count: 30 },
        },
        product('[120]#3 x [120]#3 dgate', ofWeight),
        product('[120]#4 x [120]#4 dup', ofWeight),
        product('[120]#3 gate [120]#3 [96]', ofX),
        product('[120]#4 up [96] dx', { ...ofX, bias: [4, 1] }),
      ],
      { x: 'f32 2x3x4', gate: 'f32 5x4', up: 'f32 5x4', down: 'f32 7x5' },
    ],
    [
      'the gradient of the last weight alone',
      'swiglu_mlp',
      { ...call, wants: ['down'] },
      [hidden('[120]'), product('dy [120] dy ddown', ofDown)],
      { down: 'f32 7x5' },
    ],
    [
      'the gradient of the second weight alone',
      'swiglu_mlp',
      { ...call, wants: ['up'] },
      [
        product('dy down dy [120]', ofHidden),
        {
          kernel: 'nn/swiglu_backward',
          binds: 'gated raised [120] [120]#2 [120]#3',
          uniforms: { count: 30 },
        },
        product('[120]#3 x [120]#3 dup', ofWeight),
      ],
      { up: 'f32 5x4' },
    ],
  ])('%s: %s', (_, ...row) => expectCall(...row));
});
