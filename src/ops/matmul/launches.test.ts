import { describe, expect, test } from 'vitest';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { copied, product, sum } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall, launchesOf, type TracedCall } from '../fixtures/launches.ts';

const variant = 'register';
const inputs = { a: [4, 5], b: [5, 7] };
/** A row of a is 5 elements, a row of b 7. */
const PLAIN = { size: [4, 7, 5], a: [5, 1], b: [7, 1] } as const;
/** Terms of the gradients of a batch: dy times b, and a times dy. */
const OF_A = { size: [4, 5, 7], a: [7, 1], b: [1, 7] } as const;

describe('a product is told its sizes and strides', () => {
  test.each<CallRow>([
    [
      'of two matrices',
      'matmul',
      { inputs, variant },
      [product('a b a y', PLAIN)],
      { y: 'f32 4x7' },
    ],
    [
      'of both transposed, with a bias of each row',
      'matmul',
      {
        inputs: { a: [5, 4], b: [7, 5], bias: [4, 1] },
        params: { transpose_a: true, transpose_b: true },
        variant,
      },
      [product('a b bias y', { size: [4, 7, 5], a: [1, 4], b: [1, 5], bias: [1, 0] })],
      { y: 'f32 4x7' },
    ],
    [
      'of batches with one column, backward',
      'matmul',
      { inputs: { a: [2, 3, 4, 5], b: [5] }, variant, wants: ['a', 'b'] },
      [
        // The rows of all batches are 24.
        product('dy b dy da', { size: [24, 5, 1], a: [1, 1], b: [1, 1] }),
        product('a dy a db', {
          ...{ size: [5, 1, 24], a: [1, 5], b: [1, 1], fours: { b: 'columns' } },
        }),
      ],
      { a: 'f32 2x3x4x5', b: 'f32 5' },
    ],
    [
      'of batches that broadcast',
      'matmul',
      { inputs: { a: [2, 3, 4, 5], b: [3, 5, 7], bias: [2, 1, 4, 7] }, variant },
      [
        product('a b bias y', {
          ...PLAIN,
          bias: [7, 1],
          batches: {
            size: [1, 1, 2, 3],
            a: [0, 0, 60, 20],
            b: [0, 0, 0, 35],
            bias: [0, 0, 28, 0],
          },
        }),
      ],
      { y: 'f32 2x3x4x7' },
    ],
    [
      'of sums that invocations share',
      'matmul',
      { inputs: { a: [9, 5], b: [5, 70] }, variant: 'tiled' },
      [
        product('a b a y', {
          ...{ size: [9, 70, 5], a: [5, 1], b: [70, 1] },
          ...{ kernel: 'matmul/split', constants: { ROWS: 4 }, tiles: 5 },
        }),
      ],
      { y: 'f32 9x70' },
    ],
    ...(
      [
        ['of tiles of 32 x 32', 449, { TILE: 32, SPAN: 1, FOURS: 4 }, 15],
        ['of tiles of 64 x 64', 1020, { TILE: 64, SPAN: 1, FOURS: 8 }, 16],
        ['of tiles of four blocks each', 2048, { TILE: 64, SPAN: 2, FOURS: 2 }, 32],
      ] as const
    ).map(
      ([name, n, constants, tiles]): CallRow => [
        name,
        'matmul',
        { inputs: { a: [n, 5], b: [5, n] }, variant: 'tiled' },
        [
          product('a b a y', {
            ...{ size: [n, n, 5], a: [5, 1], b: [n, 1] },
            ...{ kernel: 'matmul/workgroup', constants, tiles },
          }),
        ],
        { y: `f32 ${n}x${n}` },
      ],
    ),
    [
      'of lanes of a quad',
      'matmul',
      { inputs: { a: [9, 5], b: [5, 70] }, variant: 'subgroup' },
      [
        product('a b a y', {
          ...{ size: [9, 70, 5], a: [5, 1], b: [70, 1], kernel: 'matmul/quad' },
          ...{ constants: { ROWS: 16 }, tiles: 5 },
        }),
      ],
      { y: 'f32 9x70' },
    ],
    [
      'of terms that lie four in a row',
      'matmul',
      { inputs: { a: [3, 8], b: [7, 8] }, params: { transpose_b: true }, variant: 'subgroup' },
      [
        product('a b a y', {
          ...{ size: [3, 7, 8], a: [8, 1], b: [1, 8], kernel: 'matmul/quad' },
          ...{ constants: { ROWS: 4 }, fours: { a: true, b: 'columns' }, tiles: 1 },
        }),
      ],
      { y: 'f32 3x7' },
    ],
    [
      'of terms that do not',
      'matmul',
      { inputs: { a: [5, 6], b: [7, 6] }, params: { transpose_b: true }, variant: 'subgroup' },
      [
        product('a b a y', {
          ...{ size: [5, 7, 6], a: [6, 1], b: [1, 6], kernel: 'matmul/quad' },
          ...{ constants: { ROWS: 8 }, tiles: 1 },
        }),
      ],
      { y: 'f32 5x7' },
    ],
    [
      'of columns that lie four in a row',
      'matmul',
      { inputs: { a: [3, 5, 6], b: [3, 6, 8] }, variant },
      [
        product('a b a y', {
          ...{ size: [5, 8, 6], a: [6, 1], b: [8, 1], fours: { b: 'rows' } },
          batches: {
            size: [1, 1, 1, 3],
            a: [0, 0, 0, 30],
            b: [0, 0, 0, 48],
            bias: [0, 0, 0, 0],
          },
        }),
      ],
      { y: 'f32 3x5x8' },
    ],
    [
      'of a row, which one invocation has alone',
      'matmul',
      { inputs: { a: [1, 8], b: [8, 6] }, variant: 'subgroup' },
      [product('a b a y', { size: [1, 6, 8], a: [8, 1], b: [6, 1], fours: { a: true } })],
      { y: 'f32 1x6' },
    ],
    [
      'of halves, which are read as they are stored',
      'matmul',
      { inputs, dtypes: { a: 'bf16', b: 'bf16' }, variant },
      [
        product('a b a [112]', {
          ...PLAIN,
          constants: { ROWS: 4, LANES: 64, STORAGE_A: 2, STORAGE_B: 2 },
        }),
        {
          kernel: 'math/cast',
          binds: '[112] y',
          uniforms: { count: 28 },
          constants: { FROM: 0, TO: 2, WHOLE: 1 },
          elementwise: { count: 28, cast: { from: 'f32', to: 'bf16' } },
        },
      ],
      { y: 'bf16 4x7' },
    ],
    [
      'of one half, which gives a whole',
      'matmul',
      { inputs, dtypes: { a: 'f16' }, variant: 'register' },
      [
        product('a b a y', {
          ...PLAIN,
          constants: { ROWS: 4, LANES: 64, STORAGE_A: 1, STORAGE_B: 0 },
        }),
      ],
      { y: 'f32 4x7' },
    ],
    [
      'of more batches than a grid has room for',
      'matmul',
      { inputs: { a: [65_537, 1, 2], b: [65_537, 2, 3] }, variant },
      [0, 65_535].map((first_batch) => {
        const whole = product('a b a y', {
          ...{ size: [1, 3, 2], a: [2, 1], b: [3, 1] },
          batches: {
            size: [1, 1, 1, 65_537],
            a: [0, 0, 0, 2],
            b: [0, 0, 0, 6],
            bias: [0, 0, 0, 0],
          },
        });
        const { product: _, ...part } = whole;
        const count = first_batch === 0 ? 65_535 : 2;
        return { ...part, uniforms: { ...part.uniforms, first_batch }, flops: 12 * count };
      }),
      { y: 'f32 65537x1x3' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

describe('the gradients of a product are products', () => {
  const wants = ['a', 'b'];
  test.each<CallRow>([
    [
      'of batches that share one matrix, whose rows are the terms',
      'matmul',
      { inputs: { a: [2, 4, 5], b: [5, 7] }, variant, wants },
      [
        product('dy b dy da', { ...OF_A, size: [8, 5, 7] }),
        product('a dy a db', { size: [5, 7, 8], a: [1, 5], b: [7, 1] }),
      ],
      { a: 'f32 2x4x5', b: 'f32 5x7' },
    ],
    [
      'of a matrix that repeats for three others, and a bias',
      'matmul',
      { inputs: { a: [4, 5], b: [3, 5, 7], bias: [7] }, variant, wants: ['a', 'bias'] },
      [
        product('dy b dy [240]', {
          ...OF_A,
          batches: { size: [1, 1, 1, 3], a: [0, 0, 0, 28], b: [0, 0, 0, 35], bias: [0, 0, 0, 0] },
        }),
        sum(
          '[240] da',
          [20, 3, 1],
          [
            [20, 1, 0, 0],
            [3, 20, 0, 0],
          ],
          { inner: 1 },
        ),
        sum(
          'dy dbias',
          [7, 12, 1],
          [
            [7, 1, 0, 0],
            [12, 7, 0, 0],
          ],
          { inner: 1 },
        ),
      ],
      { a: 'f32 4x5', bias: 'f32 7' },
    ],
    [
      'of a transposed first operand',
      'matmul',
      { inputs: { a: [5, 4], b: [5, 7] }, params: { transpose_a: true }, variant, wants },
      [
        product('b dy b da', { size: [5, 4, 7], a: [7, 1], b: [1, 7] }),
        product('a dy a db', { size: [5, 7, 4], a: [4, 1], b: [7, 1], fours: { a: true } }),
      ],
      { a: 'f32 5x4', b: 'f32 5x7' },
    ],
    [
      'of a transposed second operand',
      'matmul',
      { inputs: { a: [4, 5], b: [7, 5] }, params: { transpose_b: true }, variant, wants },
      [
        product('dy b dy da', { size: [4, 5, 7], a: [7, 1], b: [5, 1] }),
        product('dy a dy db', { size: [7, 5, 4], a: [1, 7], b: [5, 1] }),
      ],
      { a: 'f32 4x5', b: 'f32 7x5' },
    ],
    [
      // dy^T times a^T, and dy^T times b^T.
      'of two transposed operands',
      'matmul',
      {
        inputs: { a: [5, 4], b: [7, 5] },
        params: { transpose_a: true, transpose_b: true },
        variant,
        wants,
      },
      [
        product('b dy b da', { size: [5, 4, 7], a: [1, 5], b: [1, 7] }),
        product('dy a dy db', {
          ...{ size: [7, 5, 4], a: [1, 7], b: [1, 4], fours: { b: 'columns' } },
        }),
      ],
      { a: 'f32 5x4', b: 'f32 7x5' },
    ],
    [
      'of a row times a matrix',
      'matmul',
      { inputs: { a: [5], b: [5, 7] }, variant, wants },
      [
        product('dy b dy da', { size: [1, 5, 7], a: [7, 1], b: [1, 7] }),
        product('a dy a db', { size: [5, 7, 1], a: [1, 5], b: [7, 1] }),
      ],
      { a: 'f32 5', b: 'f32 5x7' },
    ],
    [
      'of a matrix times a column',
      'matmul',
      { inputs: { a: [4, 5], b: [5] }, variant, wants },
      [
        product('dy b dy da', { size: [4, 5, 1], a: [1, 1], b: [1, 1] }),
        product('a dy a db', {
          ...{ size: [5, 1, 4], a: [1, 5], b: [1, 1], fours: { b: 'columns' } },
        }),
      ],
      { a: 'f32 4x5', b: 'f32 5' },
    ],
    [
      // b dy^T, and a dy.
      'of a transposed matrix times a column',
      'matmul',
      { inputs: { a: [5, 4], b: [5] }, params: { transpose_a: true }, variant, wants },
      [
        product('b dy b da', { size: [5, 4, 1], a: [1, 1], b: [1, 1], fours: { b: 'rows' } }),
        product('a dy a db', {
          ...{ size: [5, 1, 4], a: [4, 1], b: [1, 1], fours: { a: true, b: 'columns' } },
        }),
      ],
      { a: 'f32 5x4', b: 'f32 5' },
    ],
    [
      // dy b, and dy^T a: a row has no transpose.
      'of a row times a transposed matrix',
      'matmul',
      {
        inputs: { a: [5], b: [7, 5] },
        params: { transpose_a: true, transpose_b: true },
        variant,
        wants,
      },
      [
        product('dy b dy da', { size: [1, 5, 7], a: [7, 1], b: [5, 1] }),
        product('dy a dy db', { size: [7, 5, 1], a: [1, 7], b: [5, 1] }),
      ],
      { a: 'f32 5', b: 'f32 7x5' },
    ],
    [
      // dy b^T, and a^T dy: a column has no transpose.
      'of a transposed matrix times a column, transposed in name',
      'matmul',
      {
        inputs: { a: [5, 4], b: [5] },
        params: { transpose_a: true, transpose_b: true },
        variant,
        wants,
      },
      [
        product('b dy b da', { size: [5, 4, 1], a: [1, 1], b: [1, 1], fours: { b: 'rows' } }),
        product('a dy a db', {
          ...{ size: [5, 1, 4], a: [4, 1], b: [1, 1], fours: { a: true, b: 'columns' } },
        }),
      ],
      { a: 'f32 5x4', b: 'f32 5' },
    ],
    ['none that is not wanted', 'matmul', { inputs, variant, wants: ['bias'] }, [], {}],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

/** 160 elements of 4 bits: 80 bytes, three blocks of 64. */
const PACKED = { packed: [80, 1], absmax: [3] };
const dtypes = { packed: 'u8' } as const;
const params = { quant_type: 'nf4', blocksize: 64, out_features: 20, in_features: 8 };
/** A launch of a product of 6 rows with that weight, of `n` columns. */
const quantized = (binds: string, n: number, more: Partial<Parameters<typeof product>[1]> = {}) => {
  const k = 28 - n;
  return product(binds, {
    ...{ size: [6, n, k], a: [k, 1], b: [0, 0], fours: {} },
    right: { line: 8, block: 64 },
    constants: { ROWS: 4, LANES: 64, ALONG_TERMS: Number(n === 20) },
    ...more,
  });
};
const byW = (more: Partial<TracedCall>, extra = {}): TracedCall => ({
  inputs: { x: [2, 3, 8], ...PACKED },
  dtypes,
  params: { ...params, ...extra },
  variant,
  ...more,
});

describe('a product with a quantized weight', () => {
  test.each<CallRow>([
    [
      'transposed',
      'matmul_4bit',
      byW({}),
      [quantized('x packed x y absmax', 20)],
      { y: 'f32 2x3x20' },
    ],
    [
      'transposed, backward',
      'matmul_4bit',
      byW({ wants: ['x'] }),
      [quantized('dy packed dy dx absmax', 8)],
      { x: 'f32 2x3x8' },
    ],
    [
      'as it is',
      'matmul_4bit',
      byW({ inputs: { x: [2, 3, 20], ...PACKED } }, { transpose_weight: false }),
      [quantized('x packed x y absmax', 8)],
      { y: 'f32 2x3x8' },
    ],
    [
      'as it is, backward',
      'matmul_4bit',
      byW({ inputs: { x: [2, 3, 20], ...PACKED }, wants: ['x'] }, { transpose_weight: false }),
      [quantized('dy packed dy dx absmax', 20)],
      { x: 'f32 2x3x20' },
    ],
    [
      'by the lanes of a quad',
      'matmul_4bit',
      byW({ variant: 'subgroup' }),
      [
        quantized('x packed x y absmax', 20, {
          ...{ kernel: 'matmul/quad', tiles: 2, constants: { ROWS: 8, ALONG_TERMS: 1 } },
        }),
      ],
      { y: 'f32 2x3x20' },
    ],
    [
      // Eight blocks of 64, two in a row.
      'whose rows are whole blocks',
      'matmul_4bit',
      {
        inputs: { x: [6, 128], packed: [256, 1], absmax: [8] },
        dtypes,
        params: { ...params, out_features: 4, in_features: 128 },
        variant,
      },
      [
        product('x packed x y absmax', {
          ...{ size: [6, 4, 128], a: [128, 1], b: [0, 0], fours: { a: true } },
          right: { words: 16, scales: 2, shift: 3 },
          constants: { ROWS: 4, LANES: 64, ALONG_TERMS: 1 },
        }),
      ],
      { y: 'f32 6x4' },
    ],
    ['no gradient that is not wanted', 'matmul_4bit', byW({ wants: ['packed'] }), [], {}],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  const needs = 'a weight of 20 x 8 in blocks of 64 needs 80 bytes of codes and 3 absmax, not';
  test.each<[object, object, string]>([
    [{ x: [6, 7] }, {}, 'matmul_4bit: x 6x7 does not fit a weight of 20 x 8'],
    [{ x: [0, 8] }, {}, 'matmul_4bit: x 0x8 does not fit a weight of 20 x 8'],
    [{ x: [6, 8], packed: [81, 1] }, {}, `matmul_4bit: ${needs} 81 and 3`],
    [{ x: [6, 8], absmax: [4] }, {}, `matmul_4bit: ${needs} 80 and 4`],
    [{ x: [6, 8] }, { blocksize: 48 }, 'matmul_4bit: blocksize 48 is not '],
    [
      { x: [6, 8], packed: [0, 1], absmax: [0] },
      { out_features: 0 },
      'matmul_4bit: a weight of 0 x 8 in blocks of 64 needs 0 bytes of codes and 0 absmax, not',
    ],
    [
      { x: [1, 2 ** 17] },
      { out_features: 2 ** 16, in_features: 2 ** 17 },
      'matmul_4bit: a weight of 65536 x 131072 has more than 2^32 elements',
    ],
  ])('is refused: %j with %j', async (shapes, more, message) => {
    const call = byW({ inputs: { ...PACKED, ...shapes } }, more);
    await expect(describedCall('matmul_4bit', call)).rejects.toThrow(message);
  });

  test('of 2^32 elements is not too large', async () => {
    const call = byW(
      { inputs: { ...PACKED, x: [1, 2 ** 16] } },
      { out_features: 2 ** 16, in_features: 2 ** 16 },
    );
    await expect(describedCall('matmul_4bit', call)).rejects.toThrow(
      'needs 2147483648 bytes of codes and 67108864 absmax, not 80 and 3',
    );
  });
});

describe('halves where there are few lanes', () => {
  const FEW = { widestSubgroup: 4 };
  test.each([
    ['are unpacked once if each is used often', [16, 5], [5, 16], ['f32', 'f32'], 1],
    ['are read as they are stored if not', [15, 5], [5, 15], ['f16'], 2],
    ['are told apart by operand', [15, 5], [5, 16], ['f32'], 1],
  ] as const)('%s', async (_, a, b, cast, launches) => {
    const call = { inputs: { a, b }, dtypes: { a: 'f16', b: 'f16' }, variant } as const;
    const few = await launchesOf('matmul', call, FEW);
    const casts = few.filter(({ shader }) => shader.file === 'math/cast');
    expect(casts.map(({ elementwise }) => elementwise?.cast?.to)).toEqual(cast);
    expect((await launchesOf('matmul', call)).length, 'with many lanes').toBe(launches);
  });

  test.each([
    ['both gradients once', ['a', 'b'], 3],
    ['one gradient as one product does', ['b'], 2],
  ] as const)('are unpacked for %s', async (_, wants, casts) => {
    const dtypes = { a: 'f16', b: 'f16', 'grad.y': 'f16' } as const;
    const call = { inputs: { a: [16, 16], b: [16, 16] }, dtypes, variant, wants };
    const files = (await launchesOf('matmul', call, FEW)).map(({ shader }) => shader.file);
    expect(files.filter((file) => file === 'math/cast')).toHaveLength(casts);
  });
});

describe('a result in halves', () => {
  const called = (a: Shape, b: Shape, dtype: DType) =>
    launchesOf('matmul', { inputs: { a, b }, dtypes: { a: dtype, b: dtype }, variant });

  test.each([
    ['f16', 1],
    ['bf16', 2],
  ] as const)(
    'of whole fours is stored in %s by the product, which ends no chain',
    async (dtype, code) => {
      const [only, ...others] = await called([3, 5], [5, 8], dtype);
      expect(others).toEqual([]);
      expect(only).toMatchObject({ constants: { STORAGE_Y: code } });
      expect(only).not.toHaveProperty('product');
    },
  );

  test('is cast where two rows share a word, or operands differ', async () => {
    const files = async (...call: Parameters<typeof called>) =>
      (await called(...call)).map(({ shader }) => shader.file);
    expect((await files([3, 5], [5, 6], 'f16')).at(-1)).toBe('math/cast');
    const mixed = { a: 'f16', b: 'bf16' } as const;
    const of = { inputs: { a: [3, 5], b: [5, 8] }, dtypes: mixed, variant } as const;
    const [only, ...others] = await launchesOf('matmul', of);
    expect([only?.constants?.['STORAGE_Y'], others]).toEqual([undefined, []]);
  });
});

describe('a product with a weight in MLX’s formats', () => {
  const weight = { packed: [20, 12], scales: [20, 1], biases: [20, 1] };
  const affine = { bits: 6, group_size: 64, out_features: 20, in_features: 64 };
  const call = (more: Partial<TracedCall>, extra = {}): TracedCall => ({
    inputs: { x: [2, 3, 64], ...weight },
    dtypes: { packed: 'i32' },
    params: { ...affine, ...extra },
    variant,
    ...more,
  });
  const right = { words: 12, groups: 1, shift: 4, zeros: 0 };
  const constants = { ROWS: 4, LANES: 64, ALONG_TERMS: 1, BITS: 6, SCALES: 0 };

  test.each<CallRow>([
    [
      'transposed',
      'mlx_matmul',
      call({}),
      [
        product('x packed x y scales biases scales', {
          ...{ size: [6, 20, 64], a: [64, 1], b: [0, 0], fours: { a: true }, right, constants },
        }),
      ],
      { y: 'f32 2x3x20' },
    ],
    [
      'as it lies, by fours of terms',
      'mlx_matmul',
      call({ inputs: { x: [6, 20], ...weight } }, { transpose_weight: false }),
      [
        product('x packed x y scales biases scales', {
          ...{ size: [6, 64, 20], a: [20, 1], b: [0, 0], fours: { a: true }, right },
          constants: { ...constants, ALONG_TERMS: 0 },
        }),
      ],
      { y: 'f32 6x64' },
    ],
    [
      'whose rows are no fours, by a scale of a byte',
      'mlx_matmul',
      {
        inputs: { x: [2, 5], packed: [5, 4], scales: [5, 2] },
        dtypes: { packed: 'i32', scales: 'u8' },
        params: {
          ...{ mode: 'nvfp4', bits: 4, group_size: 16, out_features: 5, in_features: 32 },
          transpose_weight: false,
        },
        variant,
      },
      [
        product('x packed x y scales scales scales', {
          ...{ size: [2, 32, 5], a: [5, 1], b: [0, 0], fours: {} },
          right: { words: 4, groups: 2, shift: 2, zeros: 0 },
          constants: { ROWS: 4, LANES: 64, ALONG_TERMS: 0, BITS: 4, SCALES: 2 },
        }),
      ],
      { y: 'f32 2x32' },
    ],
    [
      'backward, and by powers of two',
      'mlx_matmul',
      {
        inputs: { x: [6, 32], packed: [8, 8], scales: [8, 1] },
        dtypes: { packed: 'i32', scales: 'u8' },
        params: { mode: 'mxfp8', bits: 8, group_size: 32, out_features: 8, in_features: 32 },
        variant,
        wants: ['x'],
      },
      [
        product('dy packed dy dx scales scales scales', {
          ...{ size: [6, 32, 8], a: [8, 1], b: [0, 0], fours: { a: true } },
          right: { words: 8, groups: 1, shift: 3, zeros: 0 },
          constants: { ROWS: 4, LANES: 64, ALONG_TERMS: 0, BITS: 8, SCALES: 1 },
        }),
      ],
      { x: 'f32 6x32' },
    ],
    ['no gradient that is not wanted', 'mlx_matmul', call({ wants: ['packed'] }), [], {}],
  ])('%s: %s', (_, ...row) => expectCall(...row));

  const fit = 'are no weight of 20 x 64 in groups of 64';
  test.each<[object, object, string]>([
    [{ x: [6, 32] }, {}, 'mlx_matmul: x 6x32 does not fit a weight of 20 x 64'],
    [{ x: [0, 64] }, {}, 'mlx_matmul: x 0x64 does not fit a weight of 20 x 64'],
    [{ packed: [20, 13] }, {}, `packed 20x13 and scales 20x1 ${fit}`],
    [{ scales: [20, 2] }, {}, `scales 20x2 ${fit}`],
    [{ biases: [19, 1] }, {}, fit],
    [{}, { group_size: 128 }, 'are no weight of 20 x 64 in groups of 128'],
    [{}, { bits: 4, mode: 'mxfp4', group_size: 32 }, 'in groups of 32'],
    [{}, { mode: 'nvfp4' }, 'nvfp4 has no codes of 6 bits in groups of 64'],
  ])('is refused: %j with %j', async (shapes, more, message) => {
    const wrong = call({ inputs: { x: [6, 64], ...weight, ...shapes } }, more);
    await expect(describedCall('mlx_matmul', wrong)).rejects.toThrow(message);
  });
});

describe('a product with a weight of HQQ’s', () => {
  const weight = { packed: [15, 32], scale: [30, 1], zero: [30, 1] };
  const params = { nbits: 4, group_size: 32, out_features: 15, in_features: 64 };
  const call = (more: Partial<TracedCall>, extra = {}): TracedCall => ({
    inputs: { x: [6, 64], ...weight },
    dtypes: { packed: 'u8' },
    params: { ...params, ...extra },
    variant,
    ...more,
  });
  const right = { line: 2, fours: 8, count: 15 };
  const constants = {
    ...{ ROWS: 4, LANES: 64, ALONG_TERMS: 1, ACROSS: 0, QUANTO: 0 },
    ...{ BITS: 4, SLICES: 2, WORDS: 0, EIGHTS: 1 },
  };

  test.each<CallRow>([
    [
      'transposed',
      'hqq_matmul',
      call({}),
      [
        product('x packed x y scale zero', {
          ...{ size: [6, 15, 64], a: [64, 1], b: [0, 0], fours: { a: true }, right, constants },
        }),
      ],
      { y: 'f32 6x15' },
    ],
    [
      'backward, where rows are no fours',
      'hqq_matmul',
      call({ wants: ['x'] }),
      [
        product('dy packed dy dx scale zero', {
          ...{ size: [6, 64, 15], a: [15, 1], b: [0, 0], fours: {}, right },
          constants: { ...constants, ALONG_TERMS: 0 },
        }),
      ],
      { x: 'f32 6x64' },
    ],
    [
      'of 3 bits, in words',
      'hqq_matmul',
      call(
        {
          inputs: { x: [6, 64], packed: [3, 32], scale: [30, 1], zero: [30, 1] },
          dtypes: { packed: 'i32' },
        },
        { nbits: 3 },
      ),
      [
        product('x packed x y scale zero', {
          ...{ size: [6, 15, 64], a: [64, 1], b: [0, 0], fours: { a: true } },
          right: { ...right, count: 3 },
          constants: { ...constants, BITS: 3, SLICES: 10, WORDS: 1 },
        }),
      ],
      { y: 'f32 6x15' },
    ],
    [
      'with groups across rows',
      'hqq_matmul',
      call(
        { inputs: { x: [6, 20], packed: [5, 28], scale: [1, 28], zero: [1, 28] } },
        { axis: 0, group_size: 10, out_features: 14, in_features: 20 },
      ),
      [
        product('x packed x y scale zero', {
          ...{ size: [6, 14, 20], a: [20, 1], b: [0, 0], fours: { a: true } },
          right: { line: 5, fours: 7, count: 5 },
          constants: { ...constants, ACROSS: 1, EIGHTS: 0 },
        }),
      ],
      { y: 'f32 6x14' },
    ],
    [
      'with groups across rows that come round',
      'hqq_matmul',
      call(
        { inputs: { x: [6, 12], packed: [5, 24], scale: [1, 24], zero: [1, 24] } },
        { axis: 0, group_size: 10, out_features: 20, in_features: 12 },
      ),
      [
        product('x packed x [480] scale zero', {
          ...{ size: [6, 10, 12], a: [12, 1], b: [0, 0], fours: { a: true } },
          right: { fours: 6, count: 5 },
          batches: { size: [1, 1, 1, 2], a: [0, 0, 0, 0], b: [0, 0, 0, 3], bias: [0, 0, 0, 0] },
          constants: { ROWS: 4, LANES: 64, QUANTO: 0, BITS: 4, SLICES: 2, WORDS: 0 },
        }),
        copied('[480] y', 120, [
          [2, 60, 1, 0],
          [60, 1, 2, 0],
        ]),
      ],
      { y: 'f32 6x20' },
    ],
    ['no gradient that is not wanted', 'hqq_matmul', call({ wants: ['packed'] }), [], {}],
  ])('%s: %s', (_, ...row) => expectCall(...row));

  const no = 'are no weight of 15 x 64 in groups of';
  test.each<[object, object, string]>([
    [{ x: [6, 32] }, {}, 'hqq_matmul: x 6x32 does not fit a weight of 15 x 64'],
    [{ packed: [16, 32] }, {}, `hqq_matmul: packed 16x32 and scale 30x1 ${no} 32`],
    [{ scale: [29, 1] }, {}, `scale 29x1 ${no} 32`],
    [{ zero: [31, 1] }, {}, no],
    [{ packed: [3, 32] }, { nbits: 3 }, no],
    [{}, { group_size: 30 }, `${no} 30`],
    [{ packed: [240, 2], scale: [480, 1], zero: [480, 1] }, { group_size: 2 }, `${no} 2`],
    [{}, { axis: 0 }, `${no} 32`],
    [
      { x: [6, 20], packed: [10, 14], scale: [1, 14], zero: [1, 14] },
      { axis: 0, group_size: 20, out_features: 14, in_features: 20 },
      'are no weight of 14 x 20 in groups of 20',
    ],
    [
      { x: [6, 14], packed: [7, 20], scale: [1, 20], zero: [1, 20] },
      { axis: 0, group_size: 14, out_features: 20, in_features: 14 },
      'are no weight of 20 x 14 in groups of 14',
    ],
  ])('is refused: %j with %j', async (shapes, more, message) => {
    const wrong = call({ inputs: { x: [6, 64], ...weight, ...shapes } }, more);
    await expect(describedCall('hqq_matmul', wrong)).rejects.toThrow(message);
  });
});

describe('a product with a weight of Quanto’s', () => {
  const weight = { packed: [15, 32], scale: [30, 1], shift: [30, 1] };
  const params = { bits: 4, group_size: 32, out_features: 15, in_features: 64 };
  const call = (more: Partial<TracedCall>, extra = {}): TracedCall => ({
    inputs: { x: [6, 64], ...weight },
    dtypes: { packed: 'u8' },
    params: { ...params, ...extra },
    variant,
    ...more,
  });
  const right = { line: 2, fours: 8, count: 15 };
  const constants = {
    ...{ ROWS: 4, LANES: 64, ALONG_TERMS: 1, ACROSS: 0, QUANTO: 1 },
    ...{ BITS: 4, SLICES: 2, WORDS: 0, EIGHTS: 1 },
  };
  const across = { ROWS: 4, LANES: 64, ALONG_TERMS: 1, QUANTO: 1, BITS: 4, SLICES: 2 };
  /** Twelve inputs, each of so many groups of outputs. */
  const paramsOf = (group_size: number, parts: number) => ({
    ...{ axis: -1, group_size, out_features: parts * group_size, in_features: 12 },
  });
  const acrossOf = (group_size: number, parts: number) => ({
    ...{ x: [6, 12], packed: [Math.ceil(group_size / 2), 12 * parts] },
    ...{ scale: [1, 12 * parts], shift: [1, 12 * parts] },
  });

  test.each<CallRow>([
    [
      'transposed',
      'quanto_matmul',
      call({}),
      [
        product('x packed x y scale shift', {
          ...{ size: [6, 15, 64], a: [64, 1], b: [0, 0], fours: { a: true }, right, constants },
        }),
      ],
      { y: 'f32 6x15' },
    ],
    [
      'of 2 bits, whose slices are not all full, backward',
      'quanto_matmul',
      call({ inputs: { x: [6, 64], ...weight, packed: [8, 32] }, wants: ['x'] }, { bits: 2 }),
      [
        product('dy packed dy dx scale shift', {
          ...{ size: [6, 64, 15], a: [15, 1], b: [0, 0], fours: {} },
          right: { ...right, count: 8 },
          constants: { ...constants, ALONG_TERMS: 0, BITS: 2, SLICES: 4 },
        }),
      ],
      { x: 'f32 6x64' },
    ],
    ...[13, 5].map(
      (group_size): CallRow => [
        `with ${group_size} outputs in a group, backward`,
        'quanto_matmul',
        call({ inputs: acrossOf(group_size, 3), wants: ['x'] }, paramsOf(group_size, 3)),
        [
          product('dy packed dy dx scale shift', {
            ...{ size: [6, 12, 3 * group_size], a: [3 * group_size, 1], b: [0, 0], fours: {} },
            right: { row: 36, count: Math.ceil(group_size / 2), parts: 3, group: group_size },
            constants: { ...across, ALONG_TERMS: 0, IN_FOURS: 0, ALIGNED: 0 },
          }),
        ],
        { x: 'f32 6x12' },
      ],
    ),
    [
      'with whole fours of outputs in a group',
      'quanto_matmul',
      call({ inputs: acrossOf(8, 3) }, paramsOf(8, 3)),
      [
        product('x packed x [576] scale shift', {
          ...{ size: [6, 24, 12], a: [12, 1], b: [0, 0], fours: { a: true } },
          right: { row: 36, count: 4, parts: 3, group: 8 },
          constants: { ...across, IN_FOURS: 1, ALIGNED: 0 },
        }),
        // Two that follow one another, pairs of a slice, slices, groups, and rows.
        copied('[576] y', 144, [
          [2, 2, 1, 0],
          [2, 12, 2, 0],
          [2, 1, 4, 0],
          [3, 4, 8, 0],
          [6, 24, 24, 0],
        ]),
      ],
      { y: 'f32 6x24' },
    ],
    [
      'the same of fours of groups, of 2 bits, backward',
      'quanto_matmul',
      call(
        {
          inputs: { ...acrossOf(8, 4), packed: [2, 48] },
          wants: ['x'],
        },
        { ...paramsOf(8, 4), bits: 2 },
      ),
      [
        copied('dy [768]', 192, [
          [16, 2, 1, 0],
          [2, 1, 16, 0],
          [6, 32, 32, 0],
        ]),
        product('[768] packed [768] dx scale shift', {
          ...{ size: [6, 12, 32], a: [32, 1], b: [0, 0], fours: { a: true } },
          right: { row: 48, count: 2, parts: 4, group: 8 },
          constants: {
            ...{ ...across, ALONG_TERMS: 0, BITS: 2, SLICES: 4 },
            ...{ IN_FOURS: 1, ALIGNED: 1 },
          },
        }),
      ],
      { x: 'f32 6x12' },
    ],
    ['no gradient that is not wanted', 'quanto_matmul', call({ wants: ['packed'] }), [], {}],
  ])('%s: %s', (_, ...row) => expectCall(...row));

  const no = 'are no weight of 15 x 64 in groups of';
  test.each<[object, object, string]>([
    [{ x: [6, 32] }, {}, 'quanto_matmul: x 6x32 does not fit a weight of 15 x 64'],
    [{ packed: [16, 32] }, {}, `quanto_matmul: packed 16x32 and scale 30x1 ${no} 32`],
    [{ scale: [29, 1] }, {}, `scale 29x1 ${no} 32`],
    [{ shift: [31, 1] }, {}, no],
    [{}, { bits: 2 }, no],
    [{}, { group_size: 30 }, `${no} 30`],
    [{ packed: [240, 2], scale: [480, 1], shift: [480, 1] }, { group_size: 2 }, `${no} 2`],
    [{}, { axis: -1 }, `${no} 32`],
    [
      { x: [6, 14], packed: [5, 28], scale: [1, 28], shift: [1, 28] },
      { axis: -1, group_size: 10, out_features: 20, in_features: 14 },
      'are no weight of 20 x 14 in groups of 10',
    ],
  ])('is refused: %j with %j', async (shapes, more, message) => {
    const wrong = call({ inputs: { x: [6, 64], ...weight, ...shapes } }, more);
    await expect(describedCall('quanto_matmul', wrong)).rejects.toThrow(message);
  });
});
