import { describe, expect, test } from 'vitest';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

/** 3 rows of 37 elements: nine blocks, three a row, each with two steps of four bytes. */
const rows = { blocks: 9, per_row: 3, cols: 37, block: 16 };

const codes = (top: number, constants: object) => ({
  kernel: 'quant/nbits_codes',
  binds: 'weight scales [72] packed',
  uniforms: { ...rows, top },
  constants: { FULL: 0, HELD: 0, ...constants },
});
const zeros = (BITS: number, row_bytes: number) => ({
  kernel: 'quant/nbits_zero_points',
  binds: '[72] zero_points',
  uniforms: { bytes: 3 * row_bytes, row_bytes, per_row: 3 },
  constants: { BITS },
});

const quantizing = (params: object, weight: 'f32' | 'f16' | 'bf16' = 'f32') => ({
  inputs: { weight: [3, 37] },
  dtypes: { weight } as const,
  params: { block_size: 16, ...params },
});

const weight = { packed: [3, 3, 8], scales: [3, 3], zero_points: [3, 2] };
const symmetric = { packed: [3, 3, 8], scales: [3, 3] };
const decoding = (inputs: object, params: object = {}, of: object = weight) => ({
  inputs: { ...of, ...inputs },
  dtypes: { packed: 'u8', zero_points: 'u8', g_idx: 'i32' } as const,
  params: { bits: 4, block_size: 16, out_features: 3, in_features: 37, ...params },
});

describe('weights of MatMulNBits', () => {
  test.each<CallRow>([
    [
      'of 4 bits',
      'quantize_nbits',
      quantizing({ bits: 4 }),
      [codes(15, { BITS: 4, SYMMETRIC: 0, HALF: 0 }), zeros(4, 2)],
      { packed: 'u8 3x3x8', scales: 'f32 3x3', zero_points: 'u8 3x2' },
    ],
    [
      'of 8 bits without zero points',
      'quantize_nbits',
      quantizing({ bits: 8, symmetric: true }),
      [codes(255, { BITS: 8, SYMMETRIC: 1, HALF: 0 })],
      { packed: 'u8 3x3x16', scales: 'f32 3x3' },
    ],
    [
      'with zero points',
      'dequantize_nbits',
      decoding({}),
      [
        {
          kernel: 'quant/dequantize_nbits',
          binds: 'packed scales zero_points y packed',
          uniforms: { fours: 30, row_fours: 10, cols: 37, block: 16, blocks: 3, zeros: 4 },
          constants: { BITS: 4, ZEROS: 0, INDEXED: 0 },
        },
      ],
      { y: 'f32 3x37' },
    ],
    [
      'without them',
      'dequantize_nbits',
      decoding({}, {}, symmetric),
      [
        {
          kernel: 'quant/dequantize_nbits',
          binds: 'packed scales packed y packed',
          uniforms: { fours: 30, row_fours: 10, cols: 37, block: 16, blocks: 3, zeros: 4 },
          constants: { BITS: 4, ZEROS: 1, INDEXED: 0 },
        },
      ],
      { y: 'f32 3x37' },
    ],
    [
      'with zero points that are floats, and the block of each column',
      'dequantize_nbits',
      decoding({ float_zero_points: [3, 3], g_idx: [37] }, {}, symmetric),
      [
        {
          kernel: 'quant/dequantize_nbits',
          binds: 'packed scales float_zero_points y g_idx',
          uniforms: { fours: 30, row_fours: 10, cols: 37, block: 16, blocks: 3, zeros: 4 },
          constants: { BITS: 4, ZEROS: 2, INDEXED: 1 },
        },
      ],
      { y: 'f32 3x37' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  const no = 'are no weight of 3 x 37 in blocks of 16 codes of 4 bits';
  const x = { x: [2, 37] };
  test.each<[op: string, call: Parameters<typeof describedCall>[1], message: string]>([
    [
      'quantize_nbits',
      { inputs: { weight: [37] }, params: {} },
      'quantize_nbits: a weight 37 is no matrix of some elements',
    ],
    [
      'quantize_nbits',
      { inputs: { weight: [0, 37] }, params: {} },
      'quantize_nbits: a weight 0x37 is no matrix of some elements',
    ],
    [
      'dequantize_nbits',
      decoding({ packed: [3, 2, 8] }),
      `dequantize_nbits: packed 3x2x8, scales 3x3 and zero points 3x2 ${no}`,
    ],
    ['dequantize_nbits', decoding({ scales: [3, 4] }), `scales 3x4 and zero points 3x2 ${no}`],
    ['dequantize_nbits', decoding({ zero_points: [3, 3] }), `zero points 3x3 ${no}`],
    [
      'matmul_nbits',
      decoding({ ...x, scales: [3, 4] }, {}, symmetric),
      `matmul_nbits: packed 3x3x8, scales 3x4 and zero points of none ${no}`,
    ],
    [
      'dequantize_nbits',
      decoding({ float_zero_points: [3, 2] }, {}, symmetric),
      `zero points 3x2 ${no}`,
    ],
    [
      'dequantize_nbits',
      decoding({ float_zero_points: [3, 3] }),
      'dequantize_nbits: zero points are codes or floats: leave one of the two out',
    ],
    [
      'matmul_nbits',
      decoding({ ...x, g_idx: [36] }),
      `matmul_nbits: packed 3x3x8, scales 3x3 and zero points 3x2 by g_idx 36 ${no}`,
    ],
    [
      'matmul_nbits',
      decoding({ x: [2, 36] }),
      'matmul_nbits: x 2x36 does not fit a weight of 3 x 37',
    ],
  ])('are refused: %s of %j', async (op, call, message) => {
    await expect(describedCall(op, call)).rejects.toThrow(message);
  });
});
