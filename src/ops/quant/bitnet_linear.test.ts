import { expect, test } from 'vitest';
import { product } from '../fixtures/described-kernels.ts';
import { expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

const inputs = { x: [3, 10], packed: [15], scale: [1], bias: [6] };
const call = { inputs, dtypes: { packed: 'u8' }, params: { out_features: 6 } } as const;

test.each([
  ['register', true],
  ['tiled', false],
])('rows are quantized and multiplied by the trits as they lie (%s)', async (variant, biased) => {
  const { bias, ...rest } = inputs;
  const given = { ...call, inputs: biased ? inputs : rest, variant };
  const { commands, results } = await describedCall('bitnet_linear', given);
  expect(results).toEqual({
    ...{ q_x: 'i8 3x10', row_stats: 'f32 3', acc: 'i32 3x6', y: 'f32 3x6' },
  });
  expect(commands).toMatchObject([
    { kernel: 'quant/block_absmax', binds: 'x row_stats' },
    { kernel: 'quant/quantize_rows', constants: { LEAST: 0x3727c5ac, OUTLIERS: 0 } },
    {
      kernel: 'matmul/int8_matmul',
      binds: 'q_x packed acc',
      uniforms: { m: 3, n: 6, k: 10 },
      constants: { ALIGNED: 0, TRITS: 1, ROWS: 4 },
      flops: 2 * 3 * 6 * 10,
    },
    {
      kernel: 'quant/bitnet_linear',
      binds: `acc row_stats scale ${biased ? 'bias' : 'scale'} y`,
      uniforms: { m: 3, n: 6 },
      constants: { LEAST: Math.fround(1e-5), HAS_BIAS: Number(biased) },
    },
  ]);
});

test('sends back by trits that are decoded in registers', () =>
  expectCall(
    'bitnet_linear',
    { ...call, variant: 'register', wants: ['x'], from: ['y'] },
    [
      product('dy packed dy dx scale', {
        ...{ size: [3, 10, 6], a: [6, 1], b: [0, 0], fours: {} },
        right: { line: 10, scale: 0 },
        constants: {
          ROWS: 4,
          LANES: 64,
          ALONG_TERMS: 0,
          SCALED: 1,
          HIGH: 0,
          BASE3: 0,
          ACROSS_WORDS: 1,
        },
      }),
    ],
    { x: 'f32 3x10' },
  ));

test('computes no gradient that is not wanted', () =>
  expectCall('bitnet_linear', { ...call, wants: ['scale'], from: ['y'] }, [], {}));

test.each([
  [{ packed: [14] }, '14 bytes of packed trits are not a 6x10 matrix for x 3x10'],
  [{ scale: [6] }, 'bitnet_linear: scale 6 and bias 6 are not one and one for each of 6 outputs'],
  [{ bias: [5] }, 'bitnet_linear: scale 1 and bias 5 are not one and one for each of 6 outputs'],
])('is refused what does not fit: %j', async (wrong, message) => {
  const other = { ...call, inputs: { ...inputs, ...wrong } };
  await expect(describedCall('bitnet_linear', other)).rejects.toThrow(message);
});
