import { describe, expect, test } from 'vitest';
import { product, sum } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

/** Two groups of 3 channels that give 2; the image of 7 x 6 gives one of 4 x 5. */
const variant = 'register';
const CONV = {
  variant,
  inputs: { x: [2, 6, 7, 6], weight: [4, 3, 3, 2], bias: [4] },
  params: { groups: 2, stride: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 2] },
};
const { bias: _, ...WITHOUT } = CONV.inputs;
const SLIDES = { kernel: [3, 2], stride: [2, 1], pad: [1, 0], dilation: [1, 2] };
/** What is the same in the sums of a convolution and of its gradients. */
const WINDOWS = { kernel: [3, 2], stride: [2, 1] };
const TILE = { ROWS: 4, LANES: 64 };
const forward = (binds: string, bias?: readonly [number, number]) =>
  product(binds, {
    ...{ size: [2, 20, 18], a: [18, 1], b: [0, 0], fours: {} },
    right: {
      ...{ ...WINDOWS, input: [7, 6], origin: [-1, 0], dilation: [1, 2] },
      ...{ positions: [4, 5], sample: 252 },
    },
    constants: { ...TILE, TRANSPOSED: 0, TAPS: 0 },
    // Of two images, and two groups of channels.
    batches: {
      ...{ size: [1, 1, 2, 2], a: [0, 0, 0, 36], b: [0, 0, 252, 126] },
      bias: bias ? [0, 0, 0, 2] : [0, 0, 0, 0],
    },
    ...(bias ? { bias } : {}),
  });
const NO_BIAS = { bias: [0, 0, 0, 0] };

/** Six channels with a kernel each. */
const DEPTHWISE = {
  ...{ kernel: [3, 2], stride: [1, 1], dilation: [1, 1], channels: 6, rows: 8 },
};

describe('a convolution', () => {
  test.each<CallRow>([
    ['with a bias', 'conv2d', CONV, [forward('weight x bias y', [1, 0])], { y: 'f32 2x4x4x5' }],
    [
      'without a bias',
      'conv2d',
      { ...CONV, inputs: WITHOUT },
      [forward('weight x weight y')],
      { y: 'f32 2x4x4x5' },
    ],
    [
      'all gradients',
      'conv2d',
      { ...CONV, wants: ['x', 'weight', 'bias'] },
      [
        // Terms are the kernels of two channels, 18 elements from one to the next.
        product('weight dy weight dx', {
          ...{ size: [3, 42, 12], a: [0, 0], b: [0, 0], fours: {} },
          left: { piece: 6, between: 12 },
          right: {
            ...{ ...WINDOWS, input: [4, 5], origin: [1, 0], dilation: [-1, -2] },
            ...{ positions: [7, 6], sample: 80 },
          },
          constants: { ...TILE, TRANSPOSED: 1, TAPS: 0 },
          batches: { ...NO_BIAS, size: [1, 1, 2, 2], a: [0, 0, 0, 36], b: [0, 0, 80, 40] },
        }),
        product('dy x dy [576]', {
          ...{ size: [2, 18, 20], a: [20, 1], b: [0, 0], fours: { a: true } },
          right: {
            ...{ ...WINDOWS, input: [7, 6], origin: [-1, 0], dilation: [1, 2] },
            ...{ positions: [4, 5], sample: 252 },
          },
          constants: { ...TILE, TRANSPOSED: 0, TAPS: 1 },
          batches: { ...NO_BIAS, size: [1, 1, 2, 2], a: [0, 0, 80, 40], b: [0, 0, 252, 126] },
        }),
        sum(
          '[576] dweight',
          [72, 2, 1],
          [
            [72, 1, 0, 0],
            [2, 72, 0, 0],
          ],
          { inner: 1 },
        ),
        sum(
          'dy [32]',
          [8, 20, 1],
          [
            [8, 20, 0, 0],
            [20, 1, 0, 0],
          ],
        ),
        sum(
          '[32] dbias',
          [4, 2, 1],
          [
            [4, 1, 0, 0],
            [2, 4, 0, 0],
          ],
          { inner: 1 },
        ),
      ],
      { x: 'f32 2x6x7x6', weight: 'f32 4x3x3x2', bias: 'f32 4' },
    ],
    [
      'no gradient that is not wanted, nor that of a bias that is not there',
      'conv2d',
      { ...CONV, inputs: WITHOUT, wants: ['bias'] },
      [],
      {},
    ],
    [
      'of single elements, which are a matrix as they lie',
      'conv2d',
      { inputs: { x: [2, 8, 3, 4], weight: [6, 8, 1, 1] }, variant },
      [
        product('weight x weight y', {
          ...{ size: [6, 12, 8], a: [8, 1], b: [12, 1] },
          batches: { ...NO_BIAS, size: [1, 1, 2, 1], a: [0, 0, 0, 48], b: [0, 0, 96, 96] },
        }),
      ],
      { y: 'f32 2x6x3x4' },
    ],
    [
      'of single elements, backward',
      'conv2d',
      { inputs: { x: [2, 8, 3, 4], weight: [6, 8, 1, 1] }, variant, wants: ['x', 'weight'] },
      [
        product('weight dy weight dx', {
          ...{ size: [8, 12, 6], a: [1, 8], b: [12, 1] },
          batches: { ...NO_BIAS, size: [1, 1, 2, 1], a: [0, 0, 0, 48], b: [0, 0, 72, 72] },
        }),
        product('dy x dy [384]', {
          ...{ size: [6, 8, 12], a: [12, 1], b: [1, 12] },
          batches: { ...NO_BIAS, size: [1, 1, 2, 1], a: [0, 0, 72, 72], b: [0, 0, 96, 96] },
        }),
        sum(
          '[384] dweight',
          [48, 2, 1],
          [
            [48, 1, 0, 0],
            [2, 48, 0, 0],
          ],
          { inner: 1 },
        ),
      ],
      { x: 'f32 2x8x3x4', weight: 'f32 6x8x1x1' },
    ],
    [
      'of each channel by itself',
      'conv2d',
      { inputs: { x: [1, 6, 5, 5], weight: [6, 1, 3, 2] }, params: { groups: 6 }, variant },
      [
        {
          kernel: 'conv/depthwise',
          binds: 'x weight weight y',
          uniforms: {
            ...{ ...DEPTHWISE, input: [5, 5], output: [3, 4], origin: [0, 0] },
            ...{ strips: 1, pieces: 1, count: 6 },
          },
          constants: { COL_STEP: 1, ROW_STEP: 1, TRANSPOSED: 0, TURNED: 0, HAS_BIAS: 0 },
          flops: 2 * 72 * 6,
        },
      ],
      { y: 'f32 1x6x3x4' },
    ],
    [
      // Strips of 4 of 7 and of 13 columns, pieces of 8 of 10 and of 20 rows, 12 images.
      'of each channel by itself, backward',
      'conv2d',
      {
        inputs: { x: [2, 6, 20, 13], weight: [6, 1, 3, 2] },
        params: { groups: 6, stride: [2, 2], padding: [1, 0, 0, 1] },
        variant,
        wants: ['x', 'weight'],
      },
      [
        {
          kernel: 'conv/depthwise',
          binds: 'dy weight weight dx',
          uniforms: {
            ...{ ...DEPTHWISE, stride: [2, 2], input: [10, 7], output: [20, 13] },
            ...{ origin: [-1, -1], strips: 4, pieces: 3, count: 144 },
          },
          constants: { COL_STEP: 0, ROW_STEP: 0, TRANSPOSED: 1, TURNED: 1, HAS_BIAS: 0 },
          flops: 2 * 840 * 6,
        },
        {
          kernel: 'conv/depthwise_weight',
          binds: 'x dy [1152]',
          uniforms: {
            ...{ ...DEPTHWISE, stride: [2, 2], input: [20, 13], output: [10, 7] },
            ...{ origin: [-1, 0], strips: 2, pieces: 2, count: 48 },
          },
          constants: { COL_STEP: 2, ROW_STEP: 2, TRANSPOSED: 0 },
          flops: 2 * 840 * 6,
        },
        sum(
          '[1152] dweight',
          [36, 8, 1],
          [
            [36, 1, 0, 0],
            [8, 36, 0, 0],
          ],
          { inner: 1 },
        ),
      ],
      { x: 'f32 2x6x20x13', weight: 'f32 6x1x3x2' },
    ],
    [
      // It is cut into fewer chunks than images, 4096 / (72 * 32) being 1.8.
      'the gradient of a wide weight, in chunks of two images',
      'conv2d',
      { inputs: { x: [4, 32, 3, 4], weight: [126, 32, 3, 3] }, wants: ['weight'], variant },
      [
        product('dy x dy [290304]', {
          ...{ size: [126, 288, 4], a: [0, 0], b: [0, 0], fours: {} },
          left: { piece: 2, between: 250 },
          right: {
            ...{ kernel: [3, 3], stride: [1, 1], input: [3, 4], origin: [0, 0] },
            ...{ dilation: [1, 1], positions: [1, 2], sample: 384 },
          },
          constants: { ...TILE, TRANSPOSED: 0, TAPS: 1 },
          batches: { ...NO_BIAS, size: [1, 1, 2, 1], a: [0, 0, 504, 252], b: [0, 0, 768, 384] },
        }),
        sum(
          '[290304] dweight',
          [36_288, 2, 1],
          [
            [36_288, 1, 0, 0],
            [2, 36_288, 0, 0],
          ],
          { inner: 1 },
        ),
      ],
      { weight: 'f32 126x32x3x3' },
    ],
    [
      // Two chunks of three images would not be equal.
      'the gradient of a wide weight, of images of one position',
      'conv2d',
      { inputs: { x: [3, 32, 3, 3], weight: [126, 32, 3, 3] }, wants: ['weight'], variant },
      [
        product('dy x dy dweight', {
          ...{ size: [126, 288, 3], a: [1, 126], b: [0, 0], fours: {} },
          right: {
            ...{ kernel: [3, 3], stride: [1, 1], input: [3, 3], origin: [0, 0] },
            ...{ dilation: [1, 1], positions: [1, 1], sample: 288 },
          },
          constants: { ...TILE, TRANSPOSED: 0, TAPS: 1 },
          batches: { ...NO_BIAS, size: [1, 1, 1, 1], a: [0, 0, 378, 126], b: [0, 0, 864, 288] },
        }),
      ],
      { weight: 'f32 126x32x3x3' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  const fit = 'do not fit in 2 groups: the weight is [out, channels of x / groups, height, width]';
  test.each([
    [{ weight: [4, 6, 3, 2] }, `conv2d: x 2x6x7x6 and a weight 4x6x3x2 ${fit}`],
    [{ weight: [3, 3, 3, 2] }, `conv2d: x 2x6x7x6 and a weight 3x3x3x2 ${fit}`],
    [{ weight: [4, 3, 3] }, `conv2d: x 2x6x7x6 and a weight 4x3x3 ${fit}`],
    [{ bias: [3] }, 'conv2d: bias is 3 and should be 4'],
  ])('refuses %j', async (other, message) => {
    const call = { ...CONV, inputs: { ...CONV.inputs, ...other } };
    await expect(describedCall('conv2d', call)).rejects.toThrow(message);
  });
});

const image = { x: [2, 3, 7, 6] };
const pool = { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 2] };
const window = { input: [7, 6], output: [4, 5], ...SLIDES };
const average = (kernel: string, binds: string, count: number, low: number[], high: number[]) => ({
  kernel,
  binds,
  uniforms: { ...window, low, high, count },
});
const whole = (kernel: string, binds: string, count: number) => ({
  kernel,
  binds,
  uniforms: {
    ...{ input: [7, 6], output: [1, 1], kernel: [7, 6], stride: [7, 6], pad: [0, 0] },
    ...{ dilation: [1, 1], low: [0, 0], high: [7, 6], count },
  },
});

describe('a pooling', () => {
  test.each<CallRow>([
    [
      'of means that count the padding',
      'avg_pool2d',
      { inputs: image, params: pool },
      [average('conv/avg_pool2d', 'x y', 120, [-1, 0], [9, 7])],
      { y: 'f32 2x3x4x5' },
    ],
    [
      'of means that count the image alone',
      'avg_pool2d',
      { inputs: image, params: { ...pool, count_include_pad: false } },
      [average('conv/avg_pool2d', 'x y', 120, [0, 0], [7, 6])],
      { y: 'f32 2x3x4x5' },
    ],
    [
      'of means, backward',
      'avg_pool2d',
      { inputs: image, params: { ...pool, padding: [0, 1, 3, 0] }, wants: ['x'] },
      [
        {
          kernel: 'conv/avg_pool2d_backward',
          binds: 'dy dx',
          uniforms: { ...window, pad: [0, 1], low: [0, -1], high: [10, 6], count: 252 },
        },
      ],
      { x: 'f32 2x3x7x6' },
    ],
    [
      'of the whole image',
      'global_avg_pool2d',
      { inputs: image },
      [whole('conv/avg_pool2d', 'x y', 6)],
      { y: 'f32 2x3x1x1' },
    ],
    [
      'of the whole image, backward',
      'global_avg_pool2d',
      { inputs: image, wants: ['x'] },
      [whole('conv/avg_pool2d_backward', 'dy dx', 252)],
      { x: 'f32 2x3x7x6' },
    ],
    [
      'of the largest',
      'max_pool2d',
      { inputs: image, params: pool },
      [{ kernel: 'conv/max_pool2d', binds: 'x y indices', uniforms: { ...window, count: 120 } }],
      { y: 'f32 2x3x4x5', indices: 'i32 2x3x4x5' },
    ],
    [
      // Two steps of 1 from the first row of a window to its last, one of 2 between its columns.
      'of the largest, backward',
      'max_pool2d',
      { inputs: image, params: pool, wants: ['x'] },
      [
        {
          kernel: 'conv/max_pool2d_backward',
          binds: 'dy indices dx',
          uniforms: {
            ...{ input: [7, 6], output: [4, 5], reach: [2, 2], stride: [2, 1], pad: [1, 0] },
            count: 252,
          },
        },
      ],
      { x: 'f32 2x3x7x6' },
    ],
    [
      'of the largest, whose windows reach further, backward',
      'max_pool2d',
      {
        inputs: { x: [1, 1, 9, 8] },
        params: { kernel: [3, 2], dilation: [2, 3], padding: [0, 1, 0, 0], stride: [1, 2] },
        wants: ['x'],
      },
      [
        {
          kernel: 'conv/max_pool2d_backward',
          binds: 'dy indices dx',
          uniforms: {
            ...{ input: [9, 8], output: [5, 3], reach: [4, 3], stride: [1, 2], pad: [0, 1] },
            count: 72,
          },
        },
      ],
      { x: 'f32 1x1x9x8' },
    ],
    [
      'whose steps are as large as its window',
      'max_pool2d',
      { inputs: image, params: { kernel: [3, 2] } },
      [
        {
          kernel: 'conv/max_pool2d',
          binds: 'x y indices',
          uniforms: {
            ...{ input: [7, 6], output: [2, 3], kernel: [3, 2], stride: [3, 2], pad: [0, 0] },
            ...{ dilation: [1, 1], count: 36 },
          },
        },
      ],
      { y: 'f32 2x3x2x3', indices: 'i32 2x3x2x3' },
    ],
    [
      'rounded up',
      'max_pool2d',
      { inputs: image, params: { kernel: [3, 2], ceil_mode: true } },
      [
        {
          kernel: 'conv/max_pool2d',
          binds: 'x y indices',
          uniforms: {
            ...{ input: [7, 6], output: [3, 3], kernel: [3, 2], stride: [3, 2], pad: [0, 0] },
            ...{ dilation: [1, 1], count: 54 },
          },
        },
      ],
      { y: 'f32 2x3x3x3', indices: 'i32 2x3x3x3' },
    ],
    ...(['avg_pool2d', 'global_avg_pool2d', 'max_pool2d'] as const).map(
      (op): CallRow => [
        'no gradient that is not wanted',
        op,
        {
          inputs: image,
          params: op === 'global_avg_pool2d' ? {} : { kernel: [3, 2] },
          wants: ['y'],
        },
        [],
        {},
      ],
    ),
  ])('%s: %s', (_, ...call) => expectCall(...call));
});
