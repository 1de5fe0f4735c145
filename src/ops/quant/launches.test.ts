import { describe, expect, test } from 'vitest';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import type { Shape } from '../../tensor/shape.ts';
import { product } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall, words } from '../fixtures/expect-call.ts';
import { describedCall, type TracedCall } from '../fixtures/launches.ts';

/** 160 elements: three blocks of 64, and 20 words of 4 bits. */
const weight = { weight: [5, 32] };
const nf4 = { quant_type: 'nf4', blocksize: 64 };
const blocks = { n: 160, block: 64, blocks: 3 };
const absmax = (binds: string, uniforms: object, lanes = 16, STORAGE = 0) => ({
  kernel: 'quant/block_absmax',
  binds,
  uniforms: { ...uniforms },
  constants: { STORAGE, LANES: lanes },
});
const encoded = (binds: string, STORAGE = 0) => ({
  kernel: 'quant/quantize',
  binds,
  uniforms: { n: 160, block: 64, words: 20 },
  constants: { STORAGE, SHARED: 1, FOUND: 0 },
});
const decoded = (binds: string, STORAGE = 0) => ({
  kernel: 'quant/dequantize',
  binds,
  uniforms: { n: 160, block: 64, block_shift: 6 },
  constants: { STORAGE, ALIGNED: 1 },
});
const bytewise = (kernel: string, binds: string, uniforms: object, constants: object) => ({
  kernel: `quant/${kernel}`,
  binds,
  uniforms: { ...uniforms },
  constants: { ...constants },
});

/** 30 elements in five groups of six: columns of a matrix. */
const groups = { count: 5, size: 6, across: 1, along: 5 };
const columns = (params: object): TracedCall => ({
  inputs: { weight: [5, 6] },
  params: { axis: 0, group_size: 6, ...params },
});
const started = (ROUND_ZERO: number, top: number) => ({
  kernel: 'quant/hqq_scale',
  binds: 'weight [20] scale zero',
  uniforms: { groups, top },
  constants: { ROUND_ZERO },
});
const refined = (errors: string) => ({
  kernel: 'quant/hqq_refine',
  binds: `weight [20] ${errors} zero previous_zero [20]#2`,
  uniforms: {
    groups,
    top: 15,
    power: Math.fround(-0.3),
    share: Math.fround(0.1),
    least: Math.fround(0.1 ** (1 / 1.3) / 2),
  },
  flops: 200 * 30,
});
const ended = (top: number, count: number, words: object) => [
  {
    kernel: 'quant/hqq_encode',
    binds: 'weight [20] scale zero unpacked dequant',
    uniforms: { groups, count: 30, top },
    constants: { SHARED: 0 },
  },
  {
    kernel: 'quant/hqq_pack',
    binds: 'unpacked packed',
    uniforms: { codes: 30, count },
    constants: { ...words },
  },
];
/** The five zeros as one group. */
const line = { count: 1, size: 5, across: 5, along: 1 };
const byColumn = (op: string, binds: string) => ({
  kernel: `math/${op}`,
  binds,
  uniforms: {
    count: 30,
    parameters: [0, 0],
    axes: [
      [5, 1, 1, 0],
      [6, 5, 0, 0],
    ],
  },
  constants: { BROADCAST: 1 },
});
const ofColumns = { unpacked: 'u8 6x5', scale: 'f32 1x5', zero: 'f32 1x5', dequant: 'f32 5x6' };

describe('groups with a scale and a zero', () => {
  test.each<CallRow>([
    [
      'as they begin, ten codes in a word',
      'hqq_quantize',
      columns({ nbits: 3, optimize: false, round_zero: true }),
      [started(1, 7), ...ended(7, 5, { BITS: 3, SLICES: 10, WIDE: 1 })],
      { packed: 'i32 1x5', ...ofColumns },
    ],
    [
      'refined twice, by the errors of the two passes before',
      'hqq_quantize',
      columns({ nbits: 4, iters: 2 }),
      [
        started(0, 15),
        refined('[4] [4]#2'),
        {
          kernel: 'quant/masked_abs_sum',
          binds: '[20]#2 [20]#2 [8]',
          uniforms: { rows: 1, width: 5, lanes: 1 },
          constants: { STORAGE: 0, ALL: 1 },
        },
        {
          kernel: 'quant/mean_of_partials',
          binds: '[8] [4]#3',
          uniforms: { rows: 1, lanes: 1, factor: Math.fround(1 / 6) },
        },
        refined('[4]#2 [4]#3'),
        ...ended(15, 15, { BITS: 4, SLICES: 2, WIDE: 0 }),
      ],
      { packed: 'u8 3x5', ...ofColumns, previous_zero: 'f32 1x5' },
      { '[4]': words(2 ** 127), '[4]#2': words(2 ** 126) },
    ],
    [
      'whose zeros are codes of 8 bits in turn',
      'hqq_quantize',
      columns({ nbits: 3, optimize: false, quant_zero: true }),
      [
        started(0, 7),
        {
          kernel: 'quant/hqq_encode',
          binds: 'weight [20] scale zero unpacked [120]',
          uniforms: { groups, count: 30, top: 7 },
          constants: { SHARED: 0 },
        },
        {
          kernel: 'quant/hqq_pack',
          binds: 'unpacked packed',
          uniforms: { codes: 30, count: 5 },
          constants: { BITS: 3, SLICES: 10, WIDE: 1 },
        },
        {
          kernel: 'quant/hqq_scale',
          binds: 'zero [4] [4]#2 [4]#3',
          uniforms: { groups: line, top: 255 },
          constants: { ROUND_ZERO: 0 },
        },
        {
          kernel: 'quant/hqq_encode',
          binds: 'zero [4] [4]#2 [4]#3 [8] [20]#2',
          uniforms: { groups: line, count: 5, top: 255 },
          constants: { SHARED: 0 },
        },
        {
          kernel: 'quant/hqq_pack',
          binds: '[8] [8]#2',
          uniforms: { codes: 5, count: 5 },
          constants: { BITS: 8, SLICES: 1, WIDE: 0 },
        },
        { copy: '[8]#2 zero_q', bytes: 8 },
        { copy: '[4]#2 meta_zero_scale', bytes: 4 },
        { copy: '[4]#3 meta_zero_zero', bytes: 4 },
        {
          kernel: 'math/cast',
          binds: 'unpacked [120]#2',
          uniforms: { count: 30 },
          constants: { FROM: 4, TO: 0, WHOLE: 0 },
        },
        byColumn('sub', '[120]#2 [20]#2 [120]#3'),
        byColumn('mul', '[120]#3 scale dequant'),
      ],
      {
        packed: 'i32 1x5',
        ...ofColumns,
        zero_q: 'u8 1x5',
        meta_zero_scale: 'f32 1',
        meta_zero_zero: 'f32 1',
      },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});
const dequantizedRows = {
  kernel: 'quant/dequantize_rows',
  binds: 'q row_stats dequant',
  uniforms: { n: 35, cols: 7 },
  constants: { SHARED: 0, WORDS: 1 },
};

describe('blocks of codes', () => {
  test.each<CallRow>([
    [
      'of 4 bits',
      'quantize_4bit',
      { inputs: weight, params: nf4, variant: 'cooperative' },
      [
        absmax('weight absmax', blocks),
        encoded('weight absmax packed'),
        decoded('dequant packed absmax'),
      ],
      { packed: 'u8 80x1', absmax: 'f32 3', dequant: 'f32 5x32' },
    ],
    [
      'of halves, each block by one lane',
      'quantize_4bit',
      { inputs: weight, dtypes: { weight: 'bf16' }, params: nf4, variant: 'serial' },
      [
        absmax('weight absmax', blocks, 1, 2),
        encoded('weight absmax packed', 2),
        decoded('dequant packed absmax', 2),
      ],
      { packed: 'u8 80x1', absmax: 'f32 3', dequant: 'bf16 5x32' },
    ],
    [
      'whose scales are codes in turn',
      'quantize_4bit',
      {
        inputs: weight,
        params: { ...nf4, compress_statistics: true, nested_blocksize: 32 },
        variant: 'cooperative',
      },
      [
        absmax('weight [12]', blocks),
        encoded('weight [12] packed'),
        {
          kernel: 'quant/center',
          binds: '[12] nested_offset [12]#2',
          uniforms: { n: 3 },
        },
        absmax('[12]#2 nested_absmax', { n: 3, block: 32, blocks: 1 }),
        {
          ...bytewise(
            'quantize_blockwise',
            '[12]#2 [1024] nested_absmax absmax_q',
            { n: 3, block: 32 },
            { LUT16: 0 },
          ),
          flops: 600 * 3,
        },
        bytewise(
          'dequantize_blockwise',
          'absmax_q [1024] nested_absmax nested_offset absmax',
          { n: 3, block: 32 },
          { HAS_OFFSET: 1 },
        ),
        decoded('dequant packed absmax'),
      ],
      {
        packed: 'u8 80x1',
        absmax: 'f32 3',
        dequant: 'f32 5x32',
        absmax_q: 'u8 3',
        nested_absmax: 'f32 1',
        nested_offset: 'f32 1',
      },
      { '[1024]': words(...createDynamicMap(true)) },
    ],
    [
      'of 8 bits, by a table of 16 bits',
      'quantize_blockwise',
      {
        inputs: { x: [5, 7], code: [256] },
        params: { blocksize: 32, rounding: 'lut16' },
        variant: 'cooperative',
      },
      [
        absmax('x absmax', { n: 35, block: 32, blocks: 2 }),
        {
          ...bytewise('quantize_blockwise', 'x code absmax q', { n: 35, block: 32 }, { LUT16: 1 }),
          flops: 600 * 35,
        },
        bytewise(
          'dequantize_blockwise',
          'q code absmax absmax dequant',
          { n: 35, block: 32 },
          { HAS_OFFSET: 0 },
        ),
      ],
      { q: 'u8 5x7', absmax: 'f32 2', dequant: 'f32 5x7' },
    ],
    [
      'of 8 bits, of rows without their outliers',
      'int8_vectorwise_quant',
      { inputs: { x: [5, 7] }, dtypes: { x: 'f16' }, params: { threshold: 6 }, variant: 'serial' },
      [
        {
          kernel: 'quant/block_absmax',
          binds: 'x row_stats',
          uniforms: { n: 35, block: 7, blocks: 5 },
          // The bits of 6 in f16.
          constants: { STORAGE: 1, LANES: 1, LIMIT: 0x4600 },
        },
        bytewise(
          'outlier_mask',
          'x [8]',
          { rows: 5, cols: 7 },
          { STORAGE: 1, LANES: 1, LIMIT: 0x4600 },
        ),
        bytewise(
          'quantize_rows',
          'x row_stats [8] q',
          { n: 35, cols: 7 },
          { STORAGE: 1, OUTLIERS: 1, LEAST: 0, SHARED: 0, WORDS: 1, WHOLE: 0 },
        ),
        bytewise('outlier_list', '[8] outlier_cols', { cols: 7 }, { SOME: 1 }),
        dequantizedRows,
      ],
      { q: 'i8 5x7', row_stats: 'f32 5', outlier_cols: 'i32 7', dequant: 'f32 5x7' },
    ],
    [
      'of 8 bits, of rows without a threshold',
      'int8_vectorwise_quant',
      { inputs: { x: [5, 7] }, variant: 'cooperative' },
      [
        absmax('x row_stats', { n: 35, block: 7, blocks: 5 }),
        bytewise(
          'quantize_rows',
          'x row_stats x q',
          { n: 35, cols: 7 },
          { STORAGE: 0, OUTLIERS: 0, LEAST: 0, SHARED: 0, WORDS: 1, WHOLE: 0 },
        ),
        bytewise('outlier_list', 'row_stats outlier_cols', { cols: 7 }, { SOME: 0 }),
        dequantizedRows,
      ],
      { q: 'i8 5x7', row_stats: 'f32 5', outlier_cols: 'i32 7', dequant: 'f32 5x7' },
    ],
    [
      'decoded to halves',
      'dequantize_4bit',
      {
        inputs: { packed: [80, 1], absmax: [3] },
        dtypes: { packed: 'u8' },
        params: { ...nf4, shape: [5, 32], dtype: 'f16' },
      },
      [decoded('y packed absmax', 1)],
      { y: 'f16 5x32' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  const unfit = 'are not of a tensor 5x32 in blocks of 64';
  const decode = { packed: [80, 1], absmax: [3] };
  test.each<[op: string, inputs: object, params: object, message: string]>([
    ['quantize_4bit', weight, { ...nf4, blocksize: 48 }, 'blocksize 48 of nf4: give '],
    [
      'quantize_4bit',
      weight,
      { ...nf4, compress_statistics: true, nested_blocksize: 16 },
      'blocksize 16: give a power of two from 32 to 16777216',
    ],
    [
      'quantize_4bit',
      weight,
      { ...nf4, compress_statistics: true, nested_blocksize: 48 },
      'blocksize 48: give a power of two from 32 to 16777216',
    ],
    [
      'quantize_4bit',
      weight,
      { ...nf4, compress_statistics: true, nested_rounding: 'up' },
      'rounding up: give nearest or lut16',
    ],
    [
      'quantize_blockwise',
      { x: [5], code: [255] },
      { blocksize: 32, rounding: 'nearest' },
      'a map of 8-bit codes has 256 values, not 255',
    ],
    [
      'dequantize_4bit',
      { ...decode, packed: [81, 1] },
      { ...nf4, shape: [5, 32] },
      `81 packed bytes and 3 scales ${unfit}`,
    ],
    [
      'dequantize_4bit',
      { ...decode, absmax: [2] },
      { ...nf4, shape: [5, 32] },
      `80 packed bytes and 2 scales ${unfit}`,
    ],
    [
      'dequantize_4bit',
      decode,
      { quant_type: 'nf4', blocksize: 48, shape: [5, 32] },
      'blocksize 48 of nf4: give ',
    ],
  ])('are refused: %s of %j with %j', async (op, inputs, params, message) => {
    const dtypes = 'packed' in inputs ? ({ packed: 'u8' } as const) : {};
    const call = { inputs: inputs as typeof weight, dtypes, params };
    await expect(describedCall(op, call)).rejects.toThrow(message);
  });
});

const linear = (count: number, inner: number, size: number, block: number, strides: number[]) => ({
  ...{ count, inner, size, block },
  ...{ outer_stride: strides[0], block_stride: strides[1], inner_stride: strides[2] },
});
const codes = (binds: string, uniforms: object, constants: object) =>
  bytewise('dequantize_linear', binds, uniforms, constants);
const bytes = (q: string) => ({ q }) as { q: 'u8' };

/** How scales of neighbours lie. */
const ONE = { SHARED: 1, ADJACENT: 0 };
const SIDE_BY_SIDE = { SHARED: 0, ADJACENT: 1 };
const ANYHOW = { SHARED: 0, ADJACENT: 0 };

/** Where neighbours have one scale, scales side by side, or neither for sixteen of them. */
const NEIGHBOURS: readonly {
  readonly what: string;
  readonly shape: Shape;
  readonly params: object;
  readonly scale: Shape;
  readonly fields: Parameters<typeof linear>;
  readonly scales: object;
  readonly each: number;
}[] = [
  {
    ...{ what: 'a scale for each row', shape: [3, 16], params: { axis: 0 }, scale: [3] },
    ...{ fields: [48, 16, 3, 1, [0, 1, 0]], scales: ONE, each: 16 },
  },
  {
    ...{ what: 'a scale for each column', shape: [3, 32], params: { axis: 1 }, scale: [32] },
    ...{ fields: [96, 1, 32, 1, [0, 1, 0]], scales: SIDE_BY_SIDE, each: 16 },
  },
  {
    ...{ what: 'blocks of rows', shape: [3, 64], params: { axis: 1, block_size: 32 } },
    ...{ scale: [3, 2], fields: [192, 1, 64, 32, [2, 1, 1]], scales: ONE, each: 16 },
  },
  {
    ...{ what: 'blocks of columns', shape: [5, 32], params: { axis: 0, block_size: 2 } },
    ...{ scale: [3, 32], fields: [160, 32, 5, 2, [96, 32, 1]], scales: SIDE_BY_SIDE, each: 16 },
  },
  {
    ...{ what: 'short blocks of rows', shape: [3, 64], params: { axis: 1, block_size: 8 } },
    ...{ scale: [3, 8], fields: [192, 1, 64, 8, [8, 1, 1]], scales: ANYHOW, each: 4 },
  },
];

describe('linear codes', () => {
  test.each<CallRow>([
    [
      'of one scale',
      'quantize_linear',
      { inputs: { x: [4, 6, 5], scale: [1] } },
      [
        bytewise(
          'quantize_linear',
          'x scale scale q',
          { scales: linear(120, 30, 4, 1, [0, 0, 0]), low: 0, high: 255 },
          { HAS_ZERO_POINT: 0, BITS: 8, SIGNED: 0, ...ONE, WORDS: 4 },
        ),
      ],
      { q: 'u8 4x6x5' },
    ],
    [
      'of a scale for each index of an axis, signed as its zero points are',
      'quantize_linear',
      {
        inputs: { x: [4, 6, 5], scale: [6], zero_point: [6] },
        dtypes: { zero_point: 'i8' },
        params: { axis: -2 },
      },
      [
        bytewise(
          'quantize_linear',
          'x scale zero_point q',
          { scales: linear(120, 5, 6, 1, [0, 1, 0]), low: -128, high: 127 },
          { HAS_ZERO_POINT: 1, BITS: 8, SIGNED: 1, ...ANYHOW, WORDS: 1 },
        ),
      ],
      { q: 'i8 4x6x5' },
    ],
    [
      // Blocks of 4 of 6 are two, which have 2 * 5 scales for each of four.
      'of a scale for each block of four',
      'quantize_linear',
      {
        inputs: { x: [4, 6, 5], scale: [4, 2, 5] },
        params: { axis: 1, block_size: 4, dtype: 'int4' },
      },
      [
        bytewise(
          'quantize_linear',
          'x scale scale q',
          { scales: linear(120, 5, 6, 4, [10, 5, 1]), low: -8, high: 7 },
          { HAS_ZERO_POINT: 0, BITS: 8, SIGNED: 1, ...ANYHOW, WORDS: 1 },
        ),
      ],
      { q: 'i8 4x6x5' },
    ],
    [
      'of 4 bits without a sign',
      'quantize_linear',
      { inputs: { x: [7], scale: [1] }, params: { dtype: 'uint4' } },
      [
        bytewise(
          'quantize_linear',
          'x scale scale q',
          { scales: linear(7, 1, 7, 1, [0, 0, 0]), low: 0, high: 15 },
          { HAS_ZERO_POINT: 0, BITS: 8, SIGNED: 0, ...ONE, WORDS: 4 },
        ),
      ],
      { q: 'u8 7' },
    ],
    [
      'of 4 bits, two a byte',
      'quantize_linear',
      {
        inputs: { x: [3, 7], scale: [3, 2], zero_point: [3] },
        dtypes: { zero_point: 'u8' },
        params: { axis: 1, block_size: 4, dtype: 'int4', packed: true },
      },
      [
        bytewise(
          'quantize_linear',
          'x scale zero_point q',
          { scales: linear(21, 1, 7, 4, [2, 1, 1]), low: -8, high: 7 },
          { HAS_ZERO_POINT: 1, BITS: 4, SIGNED: 1, ...ANYHOW, WORDS: 1 },
        ),
      ],
      { q: 'u8 11' },
    ],
    [
      'of 4 bits, two a byte, decoded',
      'dequantize_linear',
      {
        inputs: { q: [11], scale: [3, 2], zero_point: [3] },
        dtypes: { q: 'u8', zero_point: 'u8' },
        params: { axis: 1, block_size: 4, dtype: 'uint4', packed: true, shape: [3, 7] },
      },
      [
        codes('q scale zero_point y', linear(21, 1, 7, 4, [2, 1, 1]), {
          ...{ HAS_ZERO_POINT: 1, BITS: 4, SIGNED: 0, ...ANYHOW, EACH: 4, WHOLE: 0 },
        }),
      ],
      { y: 'f32 3x7' },
    ],
    ...(
      [
        ['u8', 8, 0],
        ['i8', 8, 1],
        ['i32', 32, 1],
      ] as const
    ).map(
      ([dtype, BITS, SIGNED]): CallRow => [
        `of ${dtype}, decoded`,
        'dequantize_linear',
        { inputs: { q: [4, 6], scale: [6] }, dtypes: bytes(dtype), params: { axis: 1 } },
        [
          codes('q scale scale y', linear(24, 1, 6, 1, [0, 1, 0]), {
            ...{ HAS_ZERO_POINT: 0, BITS, SIGNED, ...ANYHOW, EACH: 4, WHOLE: 1 },
          }),
        ],
        { y: 'f32 4x6' },
      ],
    ),
    [
      'with zero points, decoded',
      'dequantize_linear',
      {
        inputs: { q: [4, 6], scale: [1], zero_point: [1] },
        dtypes: { q: 'u8', zero_point: 'u8' },
      },
      [
        codes('q scale zero_point y', linear(24, 6, 4, 1, [0, 0, 0]), {
          ...{ HAS_ZERO_POINT: 1, BITS: 8, SIGNED: 0, ...ONE, EACH: 16, WHOLE: 1 },
        }),
      ],
      { y: 'f32 4x6' },
    ],
    ...NEIGHBOURS.flatMap(({ what, shape, params, scale, fields, scales, each }): CallRow[] => [
      [
        `of ${what}`,
        'quantize_linear',
        { inputs: { x: [...shape], scale: [...scale] }, params: { ...params, dtype: 'int8' } },
        [
          bytewise(
            'quantize_linear',
            'x scale scale q',
            { scales: linear(...fields), low: -128, high: 127 },
            { HAS_ZERO_POINT: 0, BITS: 8, SIGNED: 1, ...scales, WORDS: each / 4 },
          ),
        ],
        { q: `i8 ${shape.join('x')}` },
      ],
      [
        `of ${what}, decoded`,
        'dequantize_linear',
        { inputs: { q: [...shape], scale: [...scale] }, dtypes: bytes('i8'), params },
        [
          codes('q scale scale y', linear(...fields), {
            ...{ HAS_ZERO_POINT: 0, BITS: 8, SIGNED: 1, ...scales, EACH: each, WHOLE: 1 },
          }),
        ],
        { y: `f32 ${shape.join('x')}` },
      ],
    ]),
  ])('%s: %s', (_, ...call) => expectCall(...call));

  const u8 = { q: 'u8', zero_point: 'u8' } as const;
  test.each<[object, TracedCall['dtypes'], object, string]>([
    [
      { q: [4, 6], scale: [4] },
      u8,
      { axis: 1 },
      'dequantize_linear: scale of 4 does not fit 4x6; give 6',
    ],
    [
      { q: [4, 6], scale: [6], zero_point: [4] },
      u8,
      { axis: 1 },
      'dequantize_linear: zero_point of 4 does not fit 4x6; give 6',
    ],
    [
      { q: [4, 6], scale: [4, 1] },
      u8,
      { axis: 1, block_size: 4 },
      'dequantize_linear: scale of 4x1 does not fit 4x6; give 4x2',
    ],
    [
      { q: [4, 6], scale: [1], zero_point: [1] },
      { ...u8, zero_point: 'i8' },
      {},
      'dequantize_linear: zero_point is i8 and q u8',
    ],
    [
      { q: [20], scale: [1] },
      u8,
      { dtype: 'int4', packed: true, shape: [3, 7] },
      'dequantize_linear: q of 20 does not hold 3x7 codes of 4 bits; give 11',
    ],
    [
      { q: [11], scale: [3], zero_point: [3] },
      u8,
      { axis: 0, dtype: 'int4', packed: true, shape: [3, 7] },
      'dequantize_linear: zero_point of 3 does not fit 3x7; give 2',
    ],
    [
      { q: [11], scale: [1] },
      { q: 'i8' },
      { dtype: 'int4', packed: true, shape: [3, 7] },
      'dequantize_linear: q of packed codes is u8, not i8',
    ],
  ])('are refused: %j as %j by %j', async (inputs, dtypes, params, message) => {
    const call = { inputs: inputs as { q: number[] }, dtypes: { ...dtypes }, params };
    await expect(describedCall('dequantize_linear', call)).rejects.toThrow(message);
  });

  test.each<[zeroPoint: 'i8' | 'u8', dtype: string, message: string]>([
    ['i8', 'int4', 'quantize_linear: zero_point of packed codes is u8, not i8'],
    ['u8', 'int8', 'quantize_linear: packed codes have the dtype int4 or uint4'],
  ])(
    'are not packed with zero points in %s and codes in %s',
    async (zero_point, dtype, message) => {
      const inputs = { x: [3, 8], scale: [1], zero_point: [1] };
      const call = { inputs, dtypes: { zero_point }, params: { dtype, packed: true } };
      await expect(describedCall('quantize_linear', call)).rejects.toThrow(message);
    },
  );
});

/** Three rows of 48. */
const rows = { weight: [3, 48] };
const lanes = (binds: string, sizes: object, constants: object) =>
  bytewise('masked_abs_sum', binds, sizes, constants);
const mean = (binds: string, row: number, lane: number, factor: number) => ({
  kernel: 'quant/mean_of_partials',
  binds,
  uniforms: { rows: row, lanes: lane, factor },
});

describe('trits', () => {
  test.each<CallRow>([
    [
      'the mean of all, 16 a lane',
      'abs_mean',
      { inputs: rows, params: { factor: 0.5 } },
      [
        lanes('weight weight [72]', { rows: 1, width: 144, lanes: 9 }, { STORAGE: 0, ALL: 1 }),
        mean('[72] mean', 1, 9, 0.5),
      ],
      { mean: 'f32 1' },
    ],
    [
      'the mean of each channel above a limit',
      'abs_mean',
      {
        inputs: { ...rows, limit: [3] },
        dtypes: { weight: 'f16' },
        params: { per_channel: true },
      },
      [
        lanes('weight limit [72]', { rows: 3, width: 48, lanes: 3 }, { STORAGE: 1, ALL: 0 }),
        mean('[72] mean', 3, 3, 1),
      ],
      { mean: 'f32 3' },
    ],
    [
      'by a threshold of each channel, drawn',
      'ternarize',
      { inputs: { ...rows, threshold: [3] }, params: { seed: 2 ** 32 + 5 } },
      [
        bytewise(
          'ternary_encode',
          'weight threshold trits',
          { seed: [5, 1], n: 144, width: 48 },
          { STORAGE: 0, STOCHASTIC: 1, SINGLE: 0, WHOLE: 1, WORDS: 4 },
        ),
      ],
      { trits: 'i8 3x48' },
    ],
    [
      'by one threshold, of halves',
      'ternarize',
      { inputs: { ...rows, threshold: [1] }, dtypes: { weight: 'bf16' } },
      [
        bytewise(
          'ternary_encode',
          'weight threshold trits',
          { seed: [0, 0], n: 144, width: 144 },
          { STORAGE: 2, STOCHASTIC: 0, SINGLE: 1, WHOLE: 1, WORDS: 4 },
        ),
      ],
      { trits: 'i8 3x48' },
    ],
    [
      'as floats, by a scale of each channel',
      'fake_ternarize',
      { inputs: { ...rows, threshold: [1], scale: [3] } },
      [
        bytewise(
          'fake_ternarize',
          'weight threshold scale y',
          { n: 144, width: 144, scale_width: 48 },
          { SCALED: 1 },
        ),
      ],
      { y: 'f32 3x48' },
    ],
    [
      'as floats, by a threshold of each channel and no scale',
      'fake_ternarize',
      { inputs: { ...rows, threshold: [3] } },
      [
        bytewise(
          'fake_ternarize',
          'weight threshold threshold y',
          { n: 144, width: 48, scale_width: 48 },
          { SCALED: 0 },
        ),
      ],
      { y: 'f32 3x48' },
    ],
    ...([0, 1] as const).map(
      (clip): CallRow => [
        'the gradient goes straight through',
        'fake_ternarize',
        { inputs: { ...rows, threshold: [1] }, params: { clip: clip === 1 }, wants: ['weight'] },
        [bytewise('fake_ternarize_backward', 'dy weight dweight', { n: 144 }, { CLIP: clip })],
        { weight: 'f32 3x48' },
      ],
    ),
    [
      'no gradient that is not wanted',
      'fake_ternarize',
      { inputs: { ...rows, threshold: [1] }, wants: ['threshold'] },
      [],
      {},
    ],
    ...(['low', 'high'] as const).flatMap((order, HIGH): CallRow[] => [
      [
        `packed, ${order} bits first`,
        'ternary_pack',
        { inputs: { trits: [5, 7] }, dtypes: { trits: 'i8' }, params: { order } },
        [bytewise('ternary_pack', 'trits packed', { n: 35 }, { HIGH })],
        { packed: 'u8 9' },
      ],
      [
        `unpacked, ${order} bits first`,
        'ternary_unpack',
        {
          inputs: { packed: [9] },
          dtypes: { packed: 'u8' },
          params: { order, shape: [5, 7] },
        },
        [bytewise('ternary_unpack', 'packed trits', { n: 35 }, { HIGH })],
        { trits: 'i8 5x7' },
      ],
    ]),
    [
      'packed to base 3',
      'ternary_pack',
      { inputs: { trits: [5, 7] }, dtypes: { trits: 'i8' }, params: { order: 'base3' } },
      [{ kernel: 'quant/ternary_pack_base3', binds: 'trits packed', uniforms: { n: 35 } }],
      { packed: 'u8 7' },
    ],
    [
      'unpacked from base 3',
      'ternary_unpack',
      {
        inputs: { packed: [7] },
        dtypes: { packed: 'u8' },
        params: { order: 'base3', shape: [5, 7] },
      },
      [{ kernel: 'quant/ternary_unpack_base3', binds: 'packed trits', uniforms: { n: 35 } }],
      { trits: 'i8 5x7' },
    ],
    [
      'all of a tensor',
      'ternary_quantize',
      { inputs: { weight: [3, 16] }, params: { threshold_factor: 0.75 } },
      [
        lanes('weight weight [24]', { rows: 1, width: 48, lanes: 3 }, { STORAGE: 0, ALL: 1 }),
        mean('[24] threshold', 1, 3, 0.75),
        lanes('weight threshold [24]#2', { rows: 1, width: 48, lanes: 3 }, { STORAGE: 0, ALL: 0 }),
        mean('[24]#2 scale', 1, 3, 1),
        bytewise(
          'ternary_encode',
          'weight threshold trits',
          { seed: [0, 0], n: 48, width: 48 },
          { STORAGE: 0, STOCHASTIC: 0, SINGLE: 1, WHOLE: 1, WORDS: 4 },
        ),
        bytewise('ternary_pack', 'trits packed', { n: 48 }, { HIGH: 0 }),
        {
          kernel: 'quant/ternary_dequantize',
          binds: 'packed scale dequant',
          uniforms: { n: 48 },
          constants: { WHOLE: 1 },
        },
      ],
      {
        trits: 'i8 3x16',
        packed: 'u8 12',
        threshold: 'f32 1',
        scale: 'f32 1',
        dequant: 'f32 3x16',
      },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each<[op: string, inputs: object, params: object, message: string]>([
    ['abs_mean', { ...rows, limit: [3] }, {}, 'limit 3 of a mean of 3x48 must be 1'],
    [
      'abs_mean',
      { ...rows, limit: [1] },
      { per_channel: true },
      'limit 1 of a mean of 3x48 must be 3',
    ],
    ['ternarize', { ...rows, threshold: [2] }, {}, 'threshold 2 of a weight 3x48: give 1 or 3'],
    [
      'ternarize',
      { ...rows, threshold: [1] },
      { seed: -1 },
      'ternarize: seed is -1; give a whole number below 2^53',
    ],
    [
      'ternarize',
      { ...rows, threshold: [1] },
      { seed: 2 ** 53 },
      'ternarize: seed is 9007199254740992; give a whole number below 2^53',
    ],
    [
      'fake_ternarize',
      { ...rows, threshold: [2] },
      {},
      'threshold 2 of a weight 3x48: give 1 or 3',
    ],
    [
      'fake_ternarize',
      { ...rows, threshold: [1], scale: [48] },
      {},
      'scale 48 of a weight 3x48: give 1 or 3',
    ],
    [
      'ternary_unpack',
      { packed: [8] },
      { shape: [5, 7] },
      '8 bytes of packed trits are not a tensor 5x7',
    ],
    [
      'dynamic_map',
      {},
      { signed: false, max_exponent_bits: 6 },
      'an unsigned dynamic map of 8 bits with 6 exponent bits: give 7',
    ],
    [
      'dynamic_map',
      {},
      { signed: false, total_bits: 7 },
      'an unsigned dynamic map of 7 bits with 7 exponent bits: give 6',
    ],
  ])('are refused: %s of %j with %j', async (op, inputs, params, message) => {
    const dtypes = 'packed' in inputs ? ({ packed: 'u8' } as const) : {};
    const call = { inputs: inputs as typeof rows, dtypes, params };
    await expect(describedCall(op, call)).rejects.toThrow(message);
  });

  test.each<[string, Record<string, readonly number[]>, object, string]>([
    ['abs_mean', {}, { per_channel: true }, 'mean'],
    ['ternarize', { threshold: [0] }, {}, 'trits'],
    ['ternarize', { threshold: [1] }, { seed: 0 }, 'trits'],
    ['fake_ternarize', { threshold: [0], scale: [0] }, {}, 'y'],
  ])('of no channels are none: %s with %j', async (op, more, params, name) => {
    const { results } = await describedCall(op, {
      inputs: { weight: [0, 4], ...more },
      params,
    });
    expect(results[name]).toMatch(name === 'mean' ? /^f32 0$/ : / 0x4$/);
  });

  test('a mean has 4096 lanes at most', async () => {
    const { commands } = await describedCall('abs_mean', { inputs: { weight: [65_537] } });
    expect(commands[0]).toMatchObject({ uniforms: { lanes: 4096, width: 65_537 } });
  });

  test.each([
    [{ blocksize: 48 }, 'blocksize 48: give a power of two from 32 to 16777216'],
    [{ rounding: 'down' }, 'rounding down: give nearest or lut16'],
  ])('quantize_blockwise by %j is refused', async (params, message) => {
    const call = { inputs: { x: [64], code: [256] }, params };
    await expect(describedCall('quantize_blockwise', call)).rejects.toMatchObject({ message });
  });

  test.each([{}, { wants: ['x'] }])('a scale of each of two columns (%j)', async (more) => {
    const { commands } = await describedCall('ternary_matmul', {
      inputs: { x: [3, 4], packed: [2], scale: [2] },
      dtypes: { packed: 'u8' },
      params: { out_features: 2 },
      ...more,
    });
    expect(commands).toMatchObject([{ uniforms: { right: { line: 4, scale: 1 } } }]);
  });
});

/** Six rows of 8, which 5 rows of trits take to 5 columns: 40 trits are ten bytes. */
const PACKED = { x: [2, 3, 8], packed: [10] };
const u8 = { packed: 'u8' } as const;
const withoutZeros = (binds: string, scale_stride: number, SCALED: number) => ({
  kernel: 'quant/ternary_matmul_sparse',
  binds,
  uniforms: { m: 6, n: 5, k: 8, scale_stride },
  constants: { SCALED, HIGH: 0, BASE3: 0 },
  flops: 2 * 6 * 5 * 8,
});
/** By rows of trits as columns, which are whole fours, and backward as rows. */
const forward = { size: [6, 5, 8], a: [8, 1], b: [0, 0], fours: { a: true } } as const;
const backward = { size: [6, 8, 5], a: [5, 1], b: [0, 0], fours: {} } as const;
const tile = (ALONG_TERMS: number, SCALED: number, ACROSS_WORDS = 0) => ({
  ...{ ROWS: 4, LANES: 64, ALONG_TERMS, SCALED, ACROSS_WORDS, HIGH: 0, BASE3: 0 },
});
const five = { out_features: 5 };

describe('a product with stored 8-bit codes', () => {
  const inputs = { x: [3, 10], q_weight: [6, 10], weight_stats: [6] };
  const call = { inputs, dtypes: { q_weight: 'i8' }, params: { threshold: 6 } } as const;

  test('multiplies by them, and quantizes and decodes no weight', async () => {
    const { commands, results } = await describedCall('matmul_8bit_lt', call);
    const binding = (name: string) =>
      commands.flatMap((one) => ('kernel' in one && one.binds.includes(name) ? [one.kernel] : []));
    expect(binding('q_weight')).toEqual(['matmul/int8_matmul', 'quant/linear_8bit_lt']);
    expect(binding('weight_stats')).toEqual(['quant/linear_8bit_lt']);
    const kernels = commands.flatMap((one) => ('kernel' in one ? [one.kernel] : []));
    expect(kernels.filter((kernel) => kernel === 'quant/quantize_rows')).toHaveLength(1);
    expect(kernels).not.toContain('quant/dequantize_rows');
    expect(results).toEqual({
      ...{ q_x: 'i8 3x10', row_stats: 'f32 3', outlier_cols: 'i32 10' },
      ...{ acc: 'i32 3x6', y: 'f32 3x6' },
    });
  });

  test('sends back by them, and decodes no weight', () =>
    expectCall(
      'matmul_8bit_lt',
      { ...call, variant: 'register', wants: ['x'], from: ['y'] },
      [
        product('dy q_weight dy dx weight_stats weight_stats', {
          ...{ size: [3, 10, 6], a: [6, 1], b: [0, 0], fours: {}, scale: 1 / 127 },
          right: { line: 10, block: 10 },
          constants: { ROWS: 4, LANES: 64, ALONG_TERMS: 0, CODES: 0, COLUMNS: 0, SHIFTED: 0 },
        }),
      ],
      { x: 'f32 3x10' },
    ));

  test.each([
    [{ q_weight: [6, 9] }, 'matmul_8bit_lt: weight 6x9 and bias 6 do not fit x 3x10'],
    [{ bias: [5] }, 'matmul_8bit_lt: weight 6x10 and bias 5 do not fit x 3x10'],
    [{ weight_stats: [5] }, 'statistics 5 are not of the rows of 6x10'],
  ])('is refused what does not fit: %j', async (wrong, message) => {
    const other = { ...call, inputs: { ...inputs, ...wrong } };
    await expect(describedCall('matmul_8bit_lt', other)).rejects.toThrow(message);
  });
});

describe('a product with packed trits', () => {
  test.each<CallRow>([
    [
      'without a scale',
      'ternary_matmul',
      { inputs: PACKED, dtypes: u8, params: five, variant: 'register' },
      [
        product('x packed x y x', {
          ...{ ...forward, right: { line: 8, scale: 0 }, constants: tile(1, 0) },
        }),
      ],
      { y: 'f32 2x3x5' },
    ],
    [
      'with one scale, without its zeros',
      'ternary_matmul',
      { inputs: { ...PACKED, scale: [1] }, dtypes: u8, params: five, variant: 'skip-zeros' },
      [withoutZeros('x packed scale y', 0, 1)],
      { y: 'f32 2x3x5' },
    ],
    [
      'with a scale of each column, without its zeros',
      'ternary_matmul',
      { inputs: { ...PACKED, scale: [5] }, dtypes: u8, params: five, variant: 'skip-zeros' },
      [withoutZeros('x packed scale y', 1, 1)],
      { y: 'f32 2x3x5' },
    ],
    [
      'without a scale and its zeros',
      'ternary_matmul',
      { inputs: PACKED, dtypes: u8, params: five, variant: 'skip-zeros' },
      [withoutZeros('x packed x y', 0, 0)],
      { y: 'f32 2x3x5' },
    ],
    [
      'with a scale of each column, backward',
      'ternary_matmul',
      {
        inputs: { ...PACKED, scale: [5] },
        ...{ dtypes: u8, params: five, variant: 'register', wants: ['x'] },
      },
      [
        product('dy packed dy dx scale', {
          ...{ ...backward, right: { line: 8, scale: 1 }, constants: tile(0, 1) },
        }),
      ],
      { x: 'f32 2x3x8' },
    ],
    [
      'with a scale of each column',
      'ternary_matmul',
      { inputs: { ...PACKED, scale: [5] }, dtypes: u8, params: five, variant: 'register' },
      [
        product('x packed x y scale', {
          ...{ ...forward, right: { line: 8, scale: 1 }, constants: tile(1, 1) },
        }),
      ],
      { y: 'f32 2x3x5' },
    ],
    [
      'with rows that begin inside a byte',
      'ternary_matmul',
      { inputs: { x: [6, 7], packed: [9] }, dtypes: u8, params: five, variant: 'register' },
      [
        product('x packed x y x', {
          ...{ size: [6, 5, 7], a: [7, 1], b: [0, 0], fours: {} },
          ...{ right: { line: 7, scale: 0 }, constants: tile(1, 0, 1) },
        }),
      ],
      { y: 'f32 6x5' },
    ],
    // What skips zeros has no gradient of its own.
    ...['register', 'skip-zeros'].map(
      (variant): CallRow => [
        `with one scale, backward, as ${variant}`,
        'ternary_matmul',
        {
          inputs: { ...PACKED, scale: [1] },
          ...{ dtypes: u8, params: five, variant, wants: ['x'] },
        },
        [
          product('dy packed dy dx scale', {
            ...{ ...backward, right: { line: 8, scale: 0 }, constants: tile(0, 1) },
          }),
        ],
        { x: 'f32 2x3x8' },
      ],
    ),
    [
      'without a scale, backward',
      'ternary_matmul',
      { inputs: PACKED, dtypes: u8, params: five, variant: 'register', wants: ['x'] },
      [
        product('dy packed dy dx dy', {
          ...{ ...backward, right: { line: 8, scale: 0 }, constants: tile(0, 0) },
        }),
      ],
      { x: 'f32 2x3x8' },
    ],
    [
      'no gradient that is not wanted',
      'ternary_matmul',
      { inputs: PACKED, dtypes: u8, params: five, wants: ['scale'] },
      [],
      {},
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  const most = 2_097_120;
  test.each<[object, number, string, string]>([
    [{ packed: [11] }, 5, 'register', '11 bytes of packed trits are not a 5x8 matrix for x 2x3x8'],
    [{ scale: [4] }, 5, 'register', 'scale 4 is neither one nor one for each of 5 outputs'],
    [
      { x: [1, 2 ** 12] },
      2 ** 20 + 1,
      'register',
      'ternary_matmul: 1048577x4096 trits are more than 2^32',
    ],
    [
      { x: [1, 2 ** 12] },
      2 ** 20,
      'skip-zeros',
      'ternary_matmul: 1048576x4096 trits are more than 2^32 - 16',
    ],
    // 1991 * 2157191 is 2^32 - 15, 6960 * 617093 is 2^32 - 16.
    [
      { x: [1, 1991] },
      2_157_191,
      'skip-zeros',
      'ternary_matmul: 2157191x1991 trits are more than 2^32 - 16',
    ],
    [{ x: [1, 6960] }, 617_093, 'skip-zeros', '10 bytes of packed trits are not a'],
    // As many trits as can be counted are told from too few bytes of them.
    [{ x: [1, 2 ** 12] }, 2 ** 20, 'register', '10 bytes of packed trits are not a'],
    [{ x: [1, 2 ** 12] }, 2 ** 20 - 1, 'skip-zeros', '10 bytes of packed trits are not a'],
    [
      { x: [most + 1, 8] },
      5,
      'skip-zeros',
      `ternary_matmul: ${most + 1} rows and 5 outputs: skip-zeros takes at most ${most} and 524280`,
    ],
    [
      { x: [1, 4], packed: [524_281] },
      524_281,
      'skip-zeros',
      `ternary_matmul: 1 rows and 524281 outputs: skip-zeros takes at most ${most} and 524280`,
    ],
  ])('is refused: %j to %i by %s', async (other, out_features, variant, message) => {
    const inputs = { ...PACKED, ...other };
    const call = { inputs, dtypes: u8, params: { out_features }, variant };
    await expect(describedCall('ternary_matmul', call)).rejects.toThrow(message);
  });

  test.each<[object, number, string]>([
    [{ x: [most, 4], packed: [1] }, 1, 'skip-zeros'],
    [{ x: [1, 4], packed: [524_280] }, 524_280, 'skip-zeros'],
    [{ x: [most + 1, 4], packed: [1] }, 1, 'register'],
    [{ x: [1, 4], packed: [most + 1] }, most + 1, 'register'],
  ])('is taken: %j to %i by %s', async (inputs, out_features, variant) => {
    const call = { inputs: inputs as typeof PACKED, dtypes: u8, params: { out_features }, variant };
    const { commands } = await describedCall('ternary_matmul', call);
    expect(commands).toMatchObject([{ uniforms: { n: out_features, k: 4 } }]);
  });
});
