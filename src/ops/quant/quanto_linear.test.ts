import { expect, test } from 'vitest';
import { product } from '../fixtures/described-kernels.ts';
import { expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

const inputs = { x: [3, 10], q: [6, 10], scale: [6, 1], input_scale: [1], bias: [6] };
const call = { inputs, dtypes: { q: 'i8' }, params: {} } as const;

test.each([
  ['register', true],
  ['tiled', false],
])('x is rounded by its scale and multiplied by the codes (%s)', async (variant, biased) => {
  const { bias, ...rest } = inputs;
  const given = { ...call, inputs: biased ? inputs : rest, variant };
  const { commands, results } = await describedCall('quanto_linear', given);
  expect(results).toEqual({ q_x: 'i8 3x10', acc: 'i32 3x6', y: 'f32 3x6' });
  expect(commands).toMatchObject([
    { kernel: 'quant/quantize_linear', binds: 'x input_scale input_scale q_x' },
    {
      kernel: 'matmul/int8_matmul',
      binds: 'q_x q acc',
      uniforms: { m: 3, n: 6, k: 10 },
      constants: { ALIGNED: 0, TRITS: 0, ROWS: 4 },
      flops: 2 * 3 * 6 * 10,
    },
    {
      kernel: 'quant/int8_linear',
      uniforms: { m: 3, n: 6, k: 10, x_step: 0, w_step: 1 },
      constants: { HAS_X_ZERO: 0, HAS_W_ZERO: 0, HAS_BIAS: Number(biased) },
    },
  ]);
});

test('sends back by codes that are decoded in registers', () =>
  expectCall(
    'quanto_linear',
    { ...call, variant: 'register', wants: ['x'], from: ['y'] },
    [
      product('dy q dy dx scale scale', {
        ...{ size: [3, 10, 6], a: [6, 1], b: [0, 0], fours: {} },
        right: { line: 10, block: 10 },
        constants: { ROWS: 4, LANES: 64, ALONG_TERMS: 0, COLUMNS: 0, CODES: 0, SHIFTED: 0 },
      }),
    ],
    { x: 'f32 3x10' },
  ));

test('computes no gradient that is not wanted', () =>
  expectCall('quanto_linear', { ...call, wants: ['scale'], from: ['y'] }, [], {}));

test.each([
  [{ x: [3, 9] }, 'do not fit x 3x9'],
  [{ q: [6, 2, 5] }, 'quanto_linear: q 6x2x5, scale 6x1, input_scale 1 and bias 6 do not fit x'],
  [{ scale: [1, 1] }, 'scale 1x1, input_scale 1 and bias 6 do not fit x 3x10'],
  [{ input_scale: [3] }, 'input_scale 3 and bias 6 do not fit x 3x10'],
  [{ bias: [5] }, 'input_scale 1 and bias 5 do not fit x 3x10'],
])('is refused what does not fit: %j', async (wrong, message) => {
  const other = { ...call, inputs: { ...inputs, ...wrong } };
  await expect(describedCall('quanto_linear', other)).rejects.toThrow(message);
});
