import { describe, expect, test } from 'vitest';
import { product } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';

/** Ten rows of 4, which a rank of 3 takes to 7 columns; alpha / r is 2. */
const LORA = { x: [2, 5, 4], weight: [7, 4], lora_A: [3, 4], lora_B: [7, 3] };
const DORA = { ...LORA, magnitude: [7], bias: [7] };
const params = { r: 3, alpha: 6 };
const dora = { ...params, use_dora: true };
const variant = 'register';
const timesW = { size: [10, 7, 4], a: [4, 1], b: [1, 4] } as const;
const timesA = { size: [10, 3, 4], a: [4, 1], b: [1, 4] } as const;
const update = (binds: string, { scale = 2, has_bias = 0 } = {}) => ({
  kernel: 'lora/lora_update',
  binds,
  uniforms: { m: 10, n: 7, r: 3, q_r: 1, q_col: 3, has_bias, tiles: 2, scale },
  flops: 2 * 10 * 7 * 3,
});
/** Each of 28 elements of the merged weight: three products, two more and the square, added up. */
const normFlops = 2 * 28 * 5;
const scaled = (binds: string, has_bias: number) => ({
  kernel: 'lora/dora_scale',
  binds,
  uniforms: { count: 70, width: 7, has_bias },
});
const ofB = { size: [7, 3, 10], a: [1, 7], b: [3, 1], scale: 2 } as const;
const ofXa = { size: [10, 3, 7], a: [7, 1], b: [3, 1], scale: 2 } as const;
const ofA = { size: [3, 4, 10], a: [1, 3], b: [4, 1] } as const;
const ofX = { size: [10, 4, 7], a: [7, 1], b: [4, 1] } as const;
const back = (binds: string) => ({
  kernel: 'lora/lora_update',
  binds,
  uniforms: { m: 10, n: 4, r: 3, q_r: 4, q_col: 1, has_bias: 0, tiles: 1, scale: 1 },
  flops: 2 * 10 * 4 * 3,
});
const results = { y: 'f32 2x5x7', xa: 'f32 2x5x3' };

describe('a linear with a low-rank adapter', () => {
  test.each<CallRow>([
    [
      'forward',
      'lora_linear',
      { inputs: LORA, params, variant },
      [product('x weight x y', timesW), product('x lora_A x xa', timesA), update('xa lora_B xa y')],
      results,
    ],
    [
      'with a bias, stabilized by the root of its rank',
      'lora_linear',
      { inputs: { ...LORA, bias: [7] }, params: { ...params, use_rslora: true }, variant },
      [
        product('x weight x y', timesW),
        product('x lora_A x xa', timesA),
        update('xa lora_B bias y', { scale: Math.fround(6 / Math.sqrt(3)), has_bias: 1 }),
      ],
      results,
    ],
    [
      'all gradients',
      'lora_linear',
      { inputs: LORA, params, variant, wants: ['x', 'lora_A', 'lora_B', 'weight'] },
      [
        product('dy xa dy dlora_B', ofB),
        product('dy lora_B dy [120]', ofXa),
        product('[120] x [120] dlora_A', ofA),
        product('dy weight dy dx', ofX),
        back('[120] lora_A [120] dx'),
      ],
      { x: 'f32 2x5x4', lora_A: 'f32 3x4', lora_B: 'f32 7x3' },
    ],
    [
      'the gradient of x alone',
      'lora_linear',
      { inputs: LORA, params, variant, wants: ['x'] },
      [
        product('dy lora_B dy [120]', ofXa),
        product('dy weight dy dx', ofX),
        back('[120] lora_A [120] dx'),
      ],
      { x: 'f32 2x5x4' },
    ],
    [
      'the gradient of A alone',
      'lora_linear',
      { inputs: LORA, params, variant, wants: ['lora_A'] },
      [product('dy lora_B dy [120]', ofXa), product('[120] x [120] dlora_A', ofA)],
      { lora_A: 'f32 3x4' },
    ],
    [
      'the gradient of B alone',
      'lora_linear',
      { inputs: LORA, params, variant, wants: ['lora_B'] },
      [product('dy xa dy dlora_B', ofB)],
      { lora_B: 'f32 7x3' },
    ],
    [
      'rescaled to a magnitude, with a bias',
      'lora_linear',
      { inputs: DORA, params: dora, variant },
      [
        product('x weight x z', timesW),
        product('x lora_A x xa', timesA),
        update('xa lora_B xa z'),
        {
          kernel: 'lora/dora_norm',
          binds: 'lora_A lora_B weight norm',
          uniforms: { rows: 7, width: 4, r: 3, scale: 2 },
          flops: normFlops,
        },
        scaled('z magnitude norm bias y', 1),
      ],
      { ...results, z: 'f32 2x5x7', norm: 'f32 7' },
    ],
    [
      'all gradients of what was rescaled',
      'lora_linear',
      { inputs: DORA, params: dora, variant, wants: ['x', 'lora_A', 'lora_B', 'magnitude'] },
      [
        {
          kernel: 'lora/dora_magnitude',
          binds: 'dy z norm dmagnitude',
          uniforms: { rows: 10, width: 7 },
        },
        scaled('dy magnitude norm norm [280]', 0),
        product('[280] xa [280] dlora_B', ofB),
        product('[280] lora_B [280] [120]', ofXa),
        product('[120] x [120] dlora_A', ofA),
        product('[280] weight [280] dx', ofX),
        back('[120] lora_A [120] dx'),
      ],
      { x: 'f32 2x5x4', lora_A: 'f32 3x4', lora_B: 'f32 7x3', magnitude: 'f32 7' },
    ],
    [
      'the gradient of B alone, of what was rescaled',
      'lora_linear',
      { inputs: DORA, params: dora, variant, wants: ['lora_B'] },
      [scaled('dy magnitude norm norm [280]', 0), product('[280] xa [280] dlora_B', ofB)],
      { lora_B: 'f32 7x3' },
    ],
    [
      // 160 elements of 4 bits are 80 bytes, and three blocks of 64.
      'of a weight of 4 bits, rescaled',
      'lora_linear',
      {
        inputs: {
          ...{ x: [6, 8], packed: [80, 1], absmax: [3] },
          ...{ lora_A: [3, 8], lora_B: [20, 3], magnitude: [20] },
        },
        dtypes: { packed: 'u8' },
        params: { ...dora, base: 'nf4', blocksize: 64 },
        variant,
      },
      [
        product('x packed x z absmax', {
          ...{ size: [6, 20, 8], a: [8, 1], b: [0, 0], fours: {}, right: { line: 8, block: 64 } },
          constants: { ROWS: 4, LANES: 64, ALONG_TERMS: 1 },
        }),
        product('x lora_A x xa', { size: [6, 3, 8], a: [8, 1], b: [1, 8] }),
        {
          kernel: 'lora/lora_update',
          binds: 'xa lora_B xa z',
          uniforms: { m: 6, n: 20, r: 3, q_r: 1, q_col: 3, has_bias: 0, tiles: 5, scale: 2 },
          flops: 2 * 6 * 20 * 3,
        },
        {
          kernel: 'lora/dora_norm_quantized',
          binds: 'lora_A lora_B packed absmax norm',
          uniforms: { rows: 20, width: 8, r: 3, block: 64, scale: 2 },
          flops: 2 * 160 * 5,
        },
        {
          kernel: 'lora/dora_scale',
          binds: 'z magnitude norm norm y',
          uniforms: { count: 120, width: 20, has_bias: 0 },
        },
      ],
      { y: 'f32 6x20', xa: 'f32 6x3', z: 'f32 6x20', norm: 'f32 20' },
    ],
    [
      'the gradient of x from a weight of 4 bits',
      'lora_linear',
      {
        inputs: {
          ...{ x: [6, 8], packed: [80, 1], absmax: [3], lora_A: [3, 8], lora_B: [20, 3] },
        },
        dtypes: { packed: 'u8' },
        params: { ...params, base: 'nf4', blocksize: 64 },
        variant,
        wants: ['x'],
      },
      [
        product('dy lora_B dy [72]', { size: [6, 3, 20], a: [20, 1], b: [3, 1], scale: 2 }),
        product('dy packed dy dx absmax', {
          ...{ size: [6, 8, 20], a: [20, 1], b: [0, 0], fours: {}, right: { line: 8, block: 64 } },
          constants: { ROWS: 4, LANES: 64, ALONG_TERMS: 0 },
        }),
        {
          kernel: 'lora/lora_update',
          binds: '[72] lora_A [72] dx',
          uniforms: { m: 6, n: 8, r: 3, q_r: 8, q_col: 1, has_bias: 0, tiles: 2, scale: 1 },
          flops: 2 * 6 * 8 * 3,
        },
      ],
      { x: 'f32 6x8' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  const { weight: _, ...UNWEIGHTED } = LORA;
  test.each<[object, object, string]>([
    [LORA, dora, 'lora_linear: use_dora and the input magnitude go together'],
    [DORA, params, 'lora_linear: use_dora and the input magnitude go together'],
    [{ ...LORA, lora_A: [2, 4] }, params, 'lora_linear: lora_A is 2x4 and should be 3x4'],
    [{ ...LORA, lora_B: [7, 4] }, params, 'lora_linear: lora_B is 7x4 and should be 7x3'],
    [{ ...LORA, weight: [4, 7] }, params, 'lora_linear: weight is 4x7 and should be 7x4'],
    [{ ...LORA, bias: [4] }, params, 'lora_linear: bias is 4 and should be 7'],
    [{ ...DORA, magnitude: [4] }, dora, 'lora_linear: magnitude is 4 and should be 7'],
    [UNWEIGHTED, params, 'lora_linear: a dense base needs the input weight'],
    [
      LORA,
      { ...params, base: 'nf4' },
      'lora_linear: a base in nf4 needs the inputs packed and absmax',
    ],
  ])('is refused: %j with %j', async (inputs, given, message) => {
    const call = { inputs: inputs as typeof LORA, params: given };
    await expect(describedCall('lora_linear', call)).rejects.toThrow(message);
  });
});
