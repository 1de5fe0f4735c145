import { describe, expect, test } from 'vitest';
import { sum } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

/** Two groups of 3 channels that give 2; the image of 7 x 6 gives one of 4 x 5. */
const CONV = {
  inputs: { x: [2, 6, 7, 6], weight: [4, 3, 3, 2], bias: [4] },
  params: { groups: 2, stride: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 2] },
};
const { bias: _, ...WITHOUT } = CONV.inputs;
const SLIDES = { kernel: [3, 2], stride: [2, 1], pad: [1, 0], dilation: [1, 2] };
/** A product and a sum for each of 160 elements of y and 18 of its terms. */
const FLOPS = 2 * 160 * 18;
const forward = (binds: string, has_bias: number) => ({
  kernel: 'conv/conv2d',
  binds,
  uniforms: {
    ...{ input: [7, 6], output: [4, 5], ...SLIDES },
    ...{ groups: 2, channels: 2, terms: 3, w_channel: 18, w_term: 6 },
    // Five tiles of four positions, a block of two channels, two groups and two images.
    ...{ has_bias, tiles: 5, blocks: 1, count: 20 },
  },
  constants: { DEPTHWISE: 0, TRANSPOSED: 0 },
  flops: FLOPS,
});

describe('a convolution', () => {
  test.each<CallRow>([
    ['with a bias', 'conv2d', CONV, [forward('x weight bias y', 1)], { y: 'f32 2x4x4x5' }],
    [
      'without a bias',
      'conv2d',
      { ...CONV, inputs: WITHOUT },
      [forward('x weight weight y', 0)],
      { y: 'f32 2x4x4x5' },
    ],
    [
      'all gradients',
      'conv2d',
      { ...CONV, wants: ['x', 'weight', 'bias'] },
      [
        {
          kernel: 'conv/conv2d',
          binds: 'dy weight weight dx',
          uniforms: {
            ...{ input: [4, 5], output: [7, 6], ...SLIDES },
            ...{ groups: 2, channels: 3, terms: 2, w_channel: 6, w_term: 18 },
            ...{ has_bias: 0, tiles: 11, blocks: 1, count: 44 },
          },
          constants: { DEPTHWISE: 0, TRANSPOSED: 1 },
          flops: FLOPS,
        },
        {
          kernel: 'conv/conv2d_weight',
          binds: 'x dy [576]',
          uniforms: {
            ...{ input: [7, 6], output: [4, 5], ...SLIDES },
            ...{ batch: 2, groups: 2, channels: 2, terms: 3 },
            ...{ chunks: 2, tiles: 5, blocks: 1, count: 20 },
          },
          constants: { DEPTHWISE: 0 },
          flops: FLOPS,
        },
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
      'of each channel by itself',
      'conv2d',
      { inputs: { x: [1, 6, 5, 5], weight: [6, 1, 3, 2] }, params: { groups: 6 } },
      [
        {
          kernel: 'conv/conv2d',
          binds: 'x weight weight y',
          uniforms: {
            ...{ input: [5, 5], output: [3, 4], kernel: [3, 2], stride: [1, 1] },
            ...{ pad: [0, 0], dilation: [1, 1], groups: 6, channels: 1, terms: 1 },
            ...{ w_channel: 6, w_term: 6, has_bias: 0, tiles: 3, blocks: 1, count: 18 },
          },
          constants: { DEPTHWISE: 1, TRANSPOSED: 0 },
          flops: 2 * 72 * 6,
        },
      ],
      { y: 'f32 1x6x3x4' },
    ],
    [
      // A chunk for each of 4096 invocations, and none for what is left of the images.
      'the gradient of the smallest weight, of more images than chunks',
      'conv2d',
      { inputs: { x: [5000, 1, 1, 1], weight: [1, 1, 1, 1] }, wants: ['weight'] },
      [
        {
          kernel: 'conv/conv2d_weight',
          binds: 'x dy [16384]',
          uniforms: {
            ...{ input: [1, 1], output: [1, 1], kernel: [1, 1], stride: [1, 1] },
            ...{ pad: [0, 0], dilation: [1, 1], batch: 5000, groups: 1, channels: 1, terms: 1 },
            ...{ chunks: 4096, tiles: 1, blocks: 1, count: 4096 },
          },
          constants: { DEPTHWISE: 1 },
          flops: 2 * 5000,
        },
        sum('[16384] [64]', [1, 4096, 0], [[4096, 1, 0, 0]], { parts: 16 }),
        sum(
          '[64] dweight',
          [1, 16, 1],
          [
            [1, 16, 0, 0],
            [16, 1, 0, 0],
          ],
        ),
      ],
      { weight: 'f32 1x1x1x1' },
    ],
    [
      // A wide one is cut into fewer chunks than images: 4096 / (72 * 32) is 1.8.
      'the gradient of a wide weight, in chunks',
      'conv2d',
      {
        inputs: { x: [3, 32, 3, 3], weight: [126, 32, 3, 3] },
        wants: ['weight'],
      },
      [
        {
          kernel: 'conv/conv2d_weight',
          binds: 'x dy [290304]',
          uniforms: {
            ...{ input: [3, 3], output: [1, 1], kernel: [3, 3], stride: [1, 1] },
            ...{ pad: [0, 0], dilation: [1, 1], batch: 3, groups: 1, channels: 126, terms: 32 },
            ...{ chunks: 2, tiles: 72, blocks: 32, count: 4608 },
          },
          constants: { DEPTHWISE: 0 },
          flops: 2 * 3 * 126 * 288,
        },
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
