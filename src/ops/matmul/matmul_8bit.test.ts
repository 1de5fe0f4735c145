import { describe, expect, test } from 'vitest';
import { product } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall, type TracedCall } from '../fixtures/launches.ts';

describe('a product with a weight in codes of 8 bits', () => {
  const call = (
    [out_features, in_features]: readonly [number, number],
    blocksize: number,
    more: Partial<TracedCall> = {},
  ): TracedCall => ({
    inputs: {
      x: [6, in_features],
      q: [out_features, in_features],
      scale: [Math.ceil((out_features * in_features) / blocksize)],
    },
    dtypes: { q: 'i8' },
    params: { codes: 'int8', blocksize, out_features, in_features },
    variant: 'register',
    ...more,
  });
  const constants = { ROWS: 4, LANES: 64, ALONG_TERMS: 1, COLUMNS: 0, CODES: 0, SHIFTED: 0 };
  const launched = (rows: number, line: number, right: Readonly<Record<string, number>>) =>
    product('x q x y scale scale', {
      ...{ size: [6, rows, line], a: [line, 1], b: [0, 0], constants, right },
      fours: 'words' in right ? { a: true } : {},
    });
  const y = { y: 'f32 6x12' };

  test.each<CallRow>([
    [
      'with a scale for each line',
      'matmul_8bit',
      call([12, 40], 40),
      [launched(12, 40, { words: 10, steps: 16, shift: 4 })],
      y,
    ],
    [
      'with a scale for each column',
      'matmul_8bit',
      call([12, 40], 12, {
        params: { codes: 'int8', axis: -1, blocksize: 12, out_features: 12, in_features: 40 },
      }),
      [
        product('x q x y scale scale', {
          ...{ size: [6, 12, 40], a: [40, 1], b: [0, 0], fours: { a: true } },
          ...{ right: { words: 10, steps: 0, shift: 31 }, constants: { ...constants, COLUMNS: 1 } },
        }),
      ],
      y,
    ],
    [
      'with a scale for three blocks of four lines',
      'matmul_8bit',
      call([12, 40], 160),
      [launched(12, 40, { words: 10, steps: 16, shift: 6 })],
      y,
    ],
    [
      'with a scale for all',
      'matmul_8bit',
      call([12, 40], 480),
      [launched(12, 40, { words: 10, steps: 0, shift: 31 })],
      y,
    ],
    [
      'with a block that the weight does not fill',
      'matmul_8bit',
      call([12, 40], 4096),
      [launched(12, 40, { words: 10, steps: 0, shift: 31 })],
      y,
    ],
    [
      'with blocks that begin in lines',
      'matmul_8bit',
      call([12, 40], 64),
      [launched(12, 40, { words: 10, steps: 10, shift: 4 })],
      y,
    ],
    [
      'with blocks of a word',
      'matmul_8bit',
      call([12, 40], 4),
      [launched(12, 40, { words: 10, steps: 10, shift: 0 })],
      y,
    ],
    [
      'with blocks that are no whole words',
      'matmul_8bit',
      call([12, 40], 2),
      [launched(12, 40, { line: 40, block: 2 })],
      y,
    ],
    [
      'with blocks of no power of two',
      'matmul_8bit',
      call([12, 40], 24),
      [launched(12, 40, { line: 40, block: 24 })],
      y,
    ],
    [
      'with lines of no whole words',
      'matmul_8bit',
      call([12, 37], 64),
      [launched(12, 37, { line: 37, block: 64 })],
      y,
    ],
    [
      'by a map, backward',
      'matmul_8bit',
      call([12, 40], 64, {
        inputs: { x: [6, 40], q: [12, 40], scale: [8], code: [256] },
        dtypes: { q: 'u8' },
        params: { codes: 'map', blocksize: 64, out_features: 12, in_features: 40 },
        wants: ['x'],
      }),
      [
        product('dy q dy dx scale code', {
          ...{ size: [6, 40, 12], a: [12, 1], b: [0, 0], fours: { a: true } },
          right: { words: 10, steps: 10, shift: 4 },
          constants: { ...constants, ALONG_TERMS: 0, CODES: 1 },
        }),
      ],
      { x: 'f32 6x40' },
    ],
    [
      'backward, where rows of dy are no whole fours',
      'matmul_8bit',
      call([13, 40], 40, {
        dtypes: { q: 'u8' },
        params: { codes: 'e5m2', blocksize: 40, out_features: 13, in_features: 40 },
        wants: ['x'],
      }),
      [
        product('dy q dy dx scale scale', {
          ...{ size: [6, 40, 13], a: [13, 1], b: [0, 0], fours: {} },
          right: { line: 40, block: 40 },
          constants: { ...constants, ALONG_TERMS: 0, CODES: 3 },
        }),
      ],
      { x: 'f32 6x40' },
    ],
    [
      'with zero points of blocks',
      'matmul_8bit',
      call([12, 40], 40, {
        inputs: { x: [6, 40], q: [12, 40], scale: [12], zero_point: [12] },
        dtypes: { q: 'u8', zero_point: 'u8' },
        params: { codes: 'uint8', blocksize: 40, out_features: 12, in_features: 40 },
      }),
      [
        product('x q x y scale zero_point', {
          ...{ size: [6, 12, 40], a: [40, 1], b: [0, 0], fours: { a: true } },
          right: { words: 10, steps: 16, shift: 4 },
          constants: { ...constants, CODES: 4, SHIFTED: 1 },
        }),
      ],
      y,
    ],
    ['no gradient that is not wanted', 'matmul_8bit', call([12, 40], 40, { wants: ['q'] }), [], {}],
  ])('%s: %s', (_, ...row) => expectCall(...row));

  const no = 'are no weight of 12 x 40 in blocks of 40 codes of';
  test.each<[object, object, object, string]>([
    [{ x: [6, 32] }, {}, {}, 'matmul_8bit: x 6x32 does not fit a weight of 12 x 40'],
    [{ q: [12, 41] }, {}, {}, `matmul_8bit: q i8 12x41 and scale 12 ${no} int8`],
    [{ scale: [13] }, {}, {}, `scale 13 ${no} int8`],
    [{}, { q: 'u8' }, {}, `q u8 12x40 and scale 12 ${no} int8`],
    [{}, {}, { codes: 'e4m3' }, `q i8 12x40 and scale 12 ${no} e4m3`],
    [{ code: [256] }, {}, {}, `${no} int8`],
    [{}, { q: 'u8' }, { codes: 'map' }, `${no} map`],
    [{ code: [255] }, { q: 'u8' }, { codes: 'map' }, `${no} map`],
    [{ zero_point: [11] }, { zero_point: 'i8' }, {}, `${no} int8`],
    [{ zero_point: [12] }, { zero_point: 'u8' }, {}, `${no} int8`],
    [{ zero_point: [12] }, { q: 'u8', zero_point: 'u8' }, { codes: 'e4m3' }, `${no} e4m3`],
  ])('is refused: %j, %j with %j', async (shapes, dtypes, more, message) => {
    const fits = call([12, 40], 40);
    const wrong = {
      ...fits,
      inputs: { ...fits.inputs, ...shapes },
      dtypes: { q: 'i8' as const, ...dtypes },
      params: { ...fits.params, ...more },
    };
    await expect(describedCall('matmul_8bit', wrong)).rejects.toThrow(message);
  });
});
