import { describe, expect, test } from 'vitest';
import { product } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall, type TracedCall } from '../fixtures/launches.ts';

/** Rows of W that are two blocks of q4_0. */
const call = (out: number, more: Partial<TracedCall> = {}): TracedCall => ({
  inputs: { x: [2, 3, 64], packed: [out, 36] },
  dtypes: { packed: 'u8' },
  params: { quant_type: 'q4_0' },
  variant: 'register',
  ...more,
});
const right = { line: 36, bytes: 18, shift: 5 };
const constants = (ALONG_TERMS: number, KIND = 0) => ({ ROWS: 4, LANES: 64, ALONG_TERMS, KIND });

describe("a product with a weight in GGUF's blocks", () => {
  test.each<CallRow>([
    [
      'reads blocks along its terms',
      'gguf_matmul',
      call(19),
      [
        product('x packed x y', {
          ...{ size: [6, 19, 64], a: [64, 1], b: [0, 0], fours: { a: true } },
          ...{ right, constants: constants(1) },
        }),
      ],
      { y: 'f32 2x3x19' },
    ],
    [
      'reads them along its columns, backward',
      'gguf_matmul',
      call(20, { wants: ['x'] }),
      [
        product('dy packed dy dx', {
          ...{ size: [6, 64, 20], a: [20, 1], b: [0, 0], fours: { a: true } },
          ...{ right, constants: constants(0) },
        }),
      ],
      { x: 'f32 2x3x64' },
    ],
    [
      'whose terms are no fours, backward',
      'gguf_matmul',
      call(19, { wants: ['x'] }),
      [
        product('dy packed dy dx', {
          ...{ size: [6, 64, 19], a: [19, 1], b: [0, 0], fours: {} },
          ...{ right, constants: constants(0) },
        }),
      ],
      { x: 'f32 2x3x64' },
    ],
    ['has no other gradient', 'gguf_matmul', call(19, { wants: ['packed'] }), [], {}],
    [
      'of 256 elements a block',
      'gguf_matmul',
      {
        ...call(3),
        inputs: { x: [6, 512], packed: [3, 420] },
        params: { quant_type: 'q6_k' },
      },
      [
        product('x packed x y', {
          ...{ size: [6, 3, 512], a: [512, 1], b: [0, 0], fours: { a: true } },
          ...{ right: { line: 420, bytes: 210, shift: 8 }, constants: constants(1, 5) },
        }),
      ],
      { y: 'f32 6x3' },
    ],
  ])('%s: %s', (_, ...row) => expectCall(...row));

  test.each<[inputs: Record<string, number[]>, message: string]>([
    [
      { x: [3, 64], packed: [5, 34] },
      'gguf_matmul: 5x34 is no weight in rows of q4_0 blocks of 18 bytes',
    ],
    [{ x: [3, 64], packed: [36] }, 'gguf_matmul: 36 is no weight in rows of q4_0 blocks'],
    [{ x: [3, 32], packed: [5, 36] }, 'gguf_matmul: x 3x32 does not fit a weight of 5 x 64'],
  ])('%j are refused', async (inputs, message) => {
    await expect(describedCall('gguf_matmul', { ...call(5), inputs })).rejects.toThrow(message);
  });
});
