import { describe, expect, test } from 'vitest';
import { type Axes, copied, sum } from '../fixtures/described-kernels.ts';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';
import { describedCall } from '../fixtures/launches.ts';
import type { UniformsByName } from '../fixtures/uniforms-by-name.ts';
import type { Launcher } from '../launcher.ts';
import { launchers } from '../registry.ts';
import { chooseVariant } from '../variants.ts';

const x = { x: [5, 7] };
const pair = { a: [5, 7], b: [7] };
/** Seven neighbours, five rows; the second operand repeats for each row. */
const ROWS = [
  [7, 1, 1, 0],
  [5, 7, 0, 0],
];
/** Seven neighbours, five rows; the second operand has one element a row. */
const COLUMN = [
  [7, 1, 0, 0],
  [5, 7, 1, 0],
];

/** y = f(x), or of operands of one shape. */
const each = (
  kernel: string,
  binds: string,
  count: number,
  parameters: readonly number[] = [],
) => ({
  kernel,
  binds,
  uniforms: {
    count,
    parameters: [...parameters, 0, 0].slice(0, 2),
    ...(binds.split(' ').length === 3 ? { axes: [] } : {}),
  },
  ...(binds.split(' ').length === 3 ? { constants: { BROADCAST: 0 } } : {}),
  elementwise: { count, parameters },
});
const repeating = (kernel: string, binds: string, axes: Axes) => ({
  kernel,
  binds,
  uniforms: { count: 35, parameters: [0, 0], axes },
  constants: { BROADCAST: 1 },
});

describe('an element-wise function is told its elements and its numbers', () => {
  test.each<CallRow>([
    ['forward', 'relu', { inputs: x }, [each('math/relu', 'x y', 35)], { y: 'f32 5x7' }],
    [
      'backward',
      'relu',
      { inputs: x, wants: ['x'] },
      [each('math/relu_backward', 'x dy dx', 35)],
      { x: 'f32 5x7' },
    ],
    ['without a gradient', 'relu', { inputs: x, wants: ['y'] }, [], {}],
    [
      'backward',
      'relu6',
      { inputs: x, wants: ['x'] },
      [each('math/relu6_backward', 'x dy dx', 35)],
      { x: 'f32 5x7' },
    ],
    [
      'backward',
      'sigmoid',
      { inputs: x, wants: ['x'] },
      [each('math/sigmoid_backward', 'x dy dx', 35)],
      { x: 'f32 5x7' },
    ],
    [
      'with two bounds',
      'clip',
      { inputs: x, params: { min: -0.5, max: 2 } },
      [each('math/clip', 'x y', 35, [-0.5, 2])],
      { y: 'f32 5x7' },
    ],
    [
      'without bounds',
      'clip',
      { inputs: x },
      [each('math/clip', 'x y', 35, [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])],
      { y: 'f32 5x7' },
    ],
    [
      'with two bounds, backward',
      'clip',
      { inputs: x, params: { min: -0.5, max: 2 }, wants: ['x'] },
      [each('math/clip_backward', 'x dy dx', 35, [-0.5, 2])],
      { x: 'f32 5x7' },
    ],
    ['exactly', 'gelu', { inputs: x }, [each('math/gelu', 'x y', 35)], { y: 'f32 5x7' }],
    [
      'by tanh',
      'gelu',
      { inputs: x, params: { approximate: 'tanh' } },
      [each('math/gelu_tanh', 'x y', 35)],
      { y: 'f32 5x7' },
    ],
    [
      'exactly, backward',
      'gelu',
      { inputs: x, wants: ['x'] },
      [each('math/gelu_backward', 'x dy dx', 35)],
      { x: 'f32 5x7' },
    ],
    [
      'by tanh, backward',
      'gelu',
      { inputs: x, params: { approximate: 'tanh' }, wants: ['x'] },
      [each('math/gelu_tanh_backward', 'x dy dx', 35)],
      { x: 'f32 5x7' },
    ],
    ['without a gradient', 'gelu', { inputs: x, wants: ['y'] }, [], {}],
    [
      'of two operands of one shape',
      'sub',
      { inputs: { a: [5, 7], b: [5, 7] } },
      [each('math/sub', 'a b y', 35)],
      { y: 'f32 5x7' },
    ],
    [
      'of an operand that repeats',
      'add',
      { inputs: pair },
      [repeating('math/add', 'a b y', ROWS)],
      { y: 'f32 5x7' },
    ],
    [
      'of an operand that repeats, where fours lie together',
      'add',
      { inputs: { a: [5, 4], b: [4] } },
      [
        {
          kernel: 'math/add',
          binds: 'a b y',
          uniforms: {
            ...{ count: 20, parameters: [0, 0] },
            axes: [
              [4, 1, 1, 0],
              [5, 4, 0, 0],
            ],
          },
          constants: { BROADCAST: 2 },
        },
      ],
      { y: 'f32 5x4' },
    ],
    [
      'of another that repeats',
      'mul',
      { inputs: { a: [5, 1], b: [5, 7] } },
      [
        repeating('math/mul', 'a b y', [
          [7, 0, 1, 0],
          [5, 1, 7, 0],
        ]),
      ],
      { y: 'f32 5x7' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

/** A tensor of 35 elements as it is, and its sum to seven columns. */
const DOWN = [
  [7, 1, 0, 0],
  [5, 7, 0, 0],
];

describe('the gradient of an operand is summed to its shape', () => {
  const both = { inputs: pair, wants: ['a', 'b'] };
  const results = { a: 'f32 5x7', b: 'f32 7' };
  test.each<CallRow>([
    [
      'as it is',
      'add',
      both,
      [{ copy: 'dy da', bytes: 140 }, sum('dy db', [7, 5, 1], DOWN, { inner: 1 })],
      results,
    ],
    [
      'negated for what is taken away',
      'sub',
      both,
      [{ copy: 'dy da', bytes: 140 }, sum('dy db', [7, 5, 1], DOWN, { inner: 1, scale: -1 })],
      results,
    ],
    [
      'times the other factor',
      'mul',
      both,
      [
        repeating('math/mul', 'dy b da', ROWS),
        each('math/mul', 'dy a [140]', 35),
        sum('[140] db', [7, 5, 1], DOWN, { inner: 1 }),
      ],
      results,
    ],
    [
      'over the divisor, and times a quotient over it, negated',
      'div',
      both,
      [
        repeating('math/div', 'dy b da', ROWS),
        repeating('math/div', 'y b [140]', ROWS),
        each('math/mul', 'dy [140] [140]#2', 35),
        sum('[140]#2 db', [7, 5, 1], DOWN, { inner: 1, scale: -1 }),
      ],
      results,
    ],
    [
      'for the first alone',
      'add',
      { inputs: pair, wants: ['a'] },
      [{ copy: 'dy da', bytes: 140 }],
      { a: 'f32 5x7' },
    ],
    [
      'for the second alone',
      'add',
      { inputs: pair, wants: ['b'] },
      [sum('dy db', [7, 5, 1], DOWN, { inner: 1 })],
      { b: 'f32 7' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

const cube = { x: [3, 4, 5] };
/** 15 columns of four terms, 20 apart. */
const MIDDLE = [
  [5, 1, 0, 0],
  [3, 20, 0, 0],
  [4, 5, 0, 0],
];
/** Three rows of 300, then two shares of each. */
const LONG = [
  [3, 300, 0, 0],
  [300, 1, 0, 0],
];
const SHARES = [
  [3, 2, 0, 0],
  [2, 1, 0, 0],
];
const long = { inputs: { x: [3, 300] }, params: { axes: [1], keepdims: false } };

/** The largest terms, by what the first, the last or the value is asked for. */
const largest = (
  binds: string,
  [count, terms, kept]: readonly [number, number, number],
  axes: Axes,
  { parts = 1, inner = 0, from = 0, to = 0, values = 0, last = 0, integers = 0 } = {},
) => ({
  kernel: 'math/argmax',
  binds,
  uniforms: { count, terms, parts, kept, scale: 0, apart: 1, step: parts, reach: terms, axes },
  constants: {
    INNER_KEPT: inner,
    FROM_PAIRS: from,
    TO_PAIRS: to,
    VALUES: values,
    LAST: last,
    INTEGERS: integers,
  },
});
const largestOfFours = (...given: Parameters<typeof largest>) => {
  const { constants, ...launch } = largest(...given);
  const { FROM_PAIRS: _, ...others } = constants;
  return { ...launch, kernel: 'math/argmax_fours', constants: others };
};
const integerSum = (
  binds: string,
  [count, terms, kept]: readonly [number, number, number],
  axes: Axes,
  parts: number,
) => ({
  kernel: 'math/integer_sum',
  binds,
  uniforms: { count, terms, parts, kept, scale: 1, apart: 1, step: parts, reach: terms, axes },
  constants: { INNER_KEPT: 0 },
});
describe('a reduction is told what stays and what its terms are', () => {
  test.each<CallRow>([
    [
      'of the middle',
      'reduce_sum',
      { inputs: cube, params: { axes: [1], keepdims: false } },
      [sum('x y', [15, 4, 2], MIDDLE, { inner: 1 })],
      { y: 'f32 3x5' },
    ],
    [
      'of the middle, whose gradient repeats',
      'reduce_sum',
      { inputs: cube, params: { axes: [1] }, wants: ['x'] },
      [
        copied('dy dx', 60, [
          [5, 1, 1, 0],
          [4, 0, 5, 0],
          [3, 5, 20, 0],
        ]),
      ],
      { x: 'f32 3x4x5' },
    ],
    [
      'in two passes',
      'reduce_sum',
      long,
      [sum('x [24]', [3, 300, 1], LONG, { parts: 2 }), sum('[24] y', [3, 2, 1], SHARES)],
      { y: 'f32 3' },
    ],
    [
      'of squares, and their root',
      'norm',
      long,
      [
        sum('x [24]', [3, 300, 1], LONG, { parts: 2, squares: 1 }),
        sum('[24] y', [3, 2, 1], SHARES, { root: 1 }),
      ],
      { y: 'f32 3' },
    ],
    [
      'of squares, backward',
      'norm',
      { inputs: x, params: { axes: [1] }, wants: ['x'] },
      [each('math/norm_backward', 'dy y [20]', 5), repeating('math/mul', 'x [20] dx', COLUMN)],
      { x: 'f32 5x7' },
    ],
    [
      'scaled at the end',
      'reduce_mean',
      long,
      [
        sum('x [24]', [3, 300, 1], LONG, { parts: 2 }),
        sum('[24] y', [3, 2, 1], SHARES, { scale: 1 / 300 }),
      ],
      { y: 'f32 3' },
    ],
    [
      'scaled, backward',
      'reduce_mean',
      { inputs: cube, params: { axes: [1, 2] }, wants: ['x'] },
      [
        sum('dy [12]', [3, 1, 1], [[3, 1, 0, 0]], { inner: 1, scale: 1 / 20 }),
        copied('[12] dx', 60, [
          [20, 0, 1, 0],
          [3, 1, 20, 0],
        ]),
      ],
      { x: 'f32 3x4x5' },
    ],
    [
      'that keeps its dimensions',
      'reduce_max',
      { inputs: { x: [3, 301] }, params: { axes: [1], keepdims: true } },
      [
        largest(
          'x [48]',
          [3, 301, 1],
          [
            [3, 301, 0, 0],
            [301, 1, 0, 0],
          ],
          { parts: 2, to: 1, values: 1 },
        ),
        largest(
          '[48] y',
          [3, 2, 1],
          [
            [3, 4, 0, 0],
            [2, 2, 0, 0],
          ],
          { from: 1, values: 1 },
        ),
      ],
      { y: 'f32 3x1' },
    ],
    [
      'shared among ties, backward',
      'reduce_max',
      { inputs: x, params: { axes: [1] }, wants: ['x'] },
      [
        repeating('math/reduce_max_backward', 'x y [140]', COLUMN),
        sum(
          '[140] [20]',
          [5, 7, 1],
          [
            [5, 7, 0, 0],
            [7, 1, 0, 0],
          ],
        ),
        each('math/div', 'dy [20] [20]#2', 5),
        repeating('math/mul', '[140] [20]#2 dx', COLUMN),
      ],
      { x: 'f32 5x7' },
    ],
    [
      'of the last of equal places',
      'argmax',
      { inputs: cube, params: { axis: 1, select_last_index: true } },
      [largest('x y', [15, 4, 2], MIDDLE, { inner: 1, last: 1 })],
      { y: 'i32 3x1x5' },
    ],
    [
      'of the first of equal places, in two passes and whole fours',
      'argmax',
      { inputs: { x: [3, 1200] }, params: { axis: -1, keepdims: false } },
      [
        largestOfFours('x [48]', [3, 300, 1], LONG, { parts: 2, to: 1 }),
        largest(
          '[48] y',
          [3, 2, 1],
          [
            [3, 4, 0, 0],
            [2, 2, 0, 0],
          ],
          { from: 1 },
        ),
      ],
      { y: 'i32 3' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each(['reduce_sum', 'reduce_mean', 'reduce_max', 'norm', 'logsumexp', 'var', 'std'])(
    'and a gradient that is not wanted is not computed: %s',
    (op) => expectCall(op, { ...long, wants: ['y'] }, [], {}),
  );
});

const CAST = { FROM: { f32: 0, i32: 3, u8: 4, i8: 5 }, TO: { f32: 0, f16: 1, i32: 3, u8: 4 } };

/** Elements in another type. */
const cast = (
  binds: string,
  count: number,
  from: keyof typeof CAST.FROM,
  to: keyof typeof CAST.TO,
) => ({
  kernel: 'math/cast',
  binds,
  uniforms: { count },
  constants: { FROM: CAST.FROM[from], TO: CAST.TO[to], WHOLE: Number(count % 4 === 0) },
});
/** A function of integers, which no captured step fuses. */
const integer = (kernel: string, binds: string, uniforms: UniformsByName, broadcast = 0) => ({
  kernel,
  binds,
  uniforms,
  ...(kernel === 'math/integer_clip' ? {} : { constants: { BROADCAST: broadcast } }),
});

describe('integers are computed in 32 bits', () => {
  test.each<CallRow>([
    [
      'of 32 bits',
      'add',
      { inputs: pair, dtypes: { a: 'i32', b: 'i32' } },
      [integer('math/integer_add', 'a b y', { count: 35, parameters: [0, 0], axes: ROWS }, 1)],
      { y: 'i32 5x7' },
    ],
    [
      'of bytes, which wrap where they are stored',
      'mul',
      { inputs: { a: [7], b: [7] }, dtypes: { a: 'u8', b: 'u8' } },
      [
        cast('a [28]', 7, 'u8', 'i32'),
        cast('b [28]#2', 7, 'u8', 'i32'),
        integer('math/integer_mul', '[28] [28]#2 [28]#3', {
          count: 7,
          parameters: [0, 0],
          axes: [],
        }),
        cast('[28]#3 y', 7, 'i32', 'u8'),
      ],
      { y: 'u8 7' },
    ],
    [
      'of two widths',
      'sub',
      { inputs: { a: [7], b: [7] }, dtypes: { a: 'i8', b: 'i32' } },
      [
        cast('a [28]', 7, 'i8', 'i32'),
        integer('math/integer_sub', '[28] b y', { count: 7, parameters: [0, 0], axes: [] }),
      ],
      { y: 'i32 7' },
    ],
    [
      'or in the floats that they meet',
      'add',
      { inputs: { a: [7], b: [7] }, dtypes: { a: 'i32' } },
      [cast('a [28]', 7, 'i32', 'f32'), each('math/add', '[28] b y', 7)],
      { y: 'f32 7' },
    ],
    [
      'or in float32, where quotients are',
      'div',
      { inputs: { a: [7], b: [7] }, dtypes: { a: 'i32', b: 'u8' } },
      [
        cast('b [28]', 7, 'u8', 'i32'),
        cast('a [28]#2', 7, 'i32', 'f32'),
        cast('[28] [28]#3', 7, 'i32', 'f32'),
        each('math/div', '[28]#2 [28]#3 y', 7),
      ],
      { y: 'f32 7' },
    ],
    [
      'divided and rounded down',
      'div',
      {
        inputs: { a: [7], b: [7] },
        dtypes: { a: 'i32', b: 'i32' },
        params: { rounding_mode: 'floor' },
      },
      [integer('math/integer_div', 'a b y', { count: 7, parameters: [1, 0], axes: [] })],
      { y: 'i32 7' },
    ],
    [
      'added up to each along a dimension, bytes too',
      'cumsum',
      { inputs: x, dtypes: { x: 'i8' }, params: { dim: 1 } },
      [
        cast('x [140]', 35, 'i8', 'i32'),
        {
          kernel: 'math/cumsum',
          binds: '[140] [140] y',
          constants: { REVERSE: 0, OFFSETS: 0, TOTALS: 0, INTEGERS: 1 },
          uniforms: { rows: 5, terms: 7, inner: 1, parts: 1 },
        },
      ],
      { y: 'i32 5x7' },
    ],
    [
      'between bounds',
      'clip',
      { inputs: x, dtypes: { x: 'i32' }, params: { min: -3 } },
      [integer('math/integer_clip', 'x y', { count: 35, bounds: [-3, 2 ** 31 - 1] })],
      { y: 'i32 5x7' },
    ],
    [
      'between bounds beyond them',
      'clip',
      { inputs: x, dtypes: { x: 'i32' }, params: { min: -1e10, max: 1e10 } },
      [integer('math/integer_clip', 'x y', { count: 35, bounds: [-(2 ** 31), 2 ** 31 - 1] })],
      { y: 'i32 5x7' },
    ],
    [
      'above zero',
      'relu',
      { inputs: x, dtypes: { x: 'i32' } },
      [integer('math/integer_clip', 'x y', { count: 35, bounds: [0, 2 ** 31 - 1] })],
      { y: 'i32 5x7' },
    ],
    [
      'summed, bytes too',
      'reduce_sum',
      { ...long, dtypes: { x: 'u8' } },
      [
        cast('x [3600]', 900, 'u8', 'i32'),
        integerSum('[3600] [24]', [3, 300, 1], LONG, 2),
        integerSum('[24] y', [3, 2, 1], SHARES, 1),
      ],
      { y: 'i32 3' },
    ],
    [
      'compared, bytes too',
      'reduce_max',
      { inputs: cube, dtypes: { x: 'u8' }, params: { axes: [1] } },
      [
        cast('x [240]', 60, 'u8', 'i32'),
        largest('[240] [60]', [15, 4, 2], MIDDLE, { inner: 1, values: 1, integers: 1 }),
        cast('[60] y', 15, 'i32', 'u8'),
      ],
      { y: 'u8 3x1x5' },
    ],
    [
      'whose places are no bytes',
      'argmax',
      { inputs: cube, dtypes: { x: 'u8' }, params: { axis: 1 } },
      [
        cast('x [240]', 60, 'u8', 'i32'),
        largest('[240] y', [15, 4, 2], MIDDLE, { inner: 1, integers: 1 }),
      ],
      { y: 'i32 3x1x5' },
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});

const fill = (binds: string, count: number, bits: number) => ({
  kernel: 'shape/fill',
  binds,
  uniforms: { count, bits },
});
/** Four rounds that find the key of an element of a rank eight bits at a time. */
const radix = (
  { rows, width, rank }: { rows: number; width: number; rank: number },
  ABSOLUTE: number,
  found: string,
  bins: string,
) => [
  fill(found, 3 * rows, rank),
  fill(bins, 256 * rows, 0),
  ...(
    [
      [24, 0],
      [16, 0xff000000],
      [8, 0xffff0000],
      [0, 0xffffff00],
    ] as const
  ).flatMap(([shift, above]) => [
    {
      kernel: 'math/quantile_count',
      binds: `x ${found} ${found} ${bins}`,
      uniforms: { width, above },
      constants: { ABSOLUTE, TIES: 0, SHIFT: shift },
    },
    {
      kernel: 'math/quantile_descend',
      binds: `${bins} ${found}`,
      uniforms: { rows, shift },
    },
  ]),
];

describe('bins, ranks and types', () => {
  test.each<CallRow>([
    [
      'counts begin at zero',
      'histogram',
      { inputs: { ...x, edges: [4] } },
      [{ kernel: 'math/histogram', binds: 'x edges counts', uniforms: { n: 35, bins: 3 } }],
      { counts: 'i32 3' },
      { counts: [0, 0, 0] },
    ],
    [
      'counts go on from those that are given',
      'histogram',
      { inputs: { ...x, edges: [4], counts: [3] }, dtypes: { counts: 'i32' } },
      [
        { copy: "counts counts'", bytes: 12 },
        { kernel: 'math/histogram', binds: "x edges counts'", uniforms: { n: 35, bins: 3 } },
      ],
      { counts: 'i32 3' },
    ],
    [
      'the quantile of counts, q in steps of 2^-32',
      'histogram_quantile',
      { inputs: { counts: [3], edges: [4] }, dtypes: { counts: 'i32' }, params: { q: 0.75 } },
      [
        {
          kernel: 'math/histogram_quantile',
          binds: 'counts edges y',
          uniforms: { bins: 3, share: 3 * 2 ** 30, is_last: 0 },
        },
      ],
      { y: 'f32 1' },
    ],
    [
      'and all of it, which no such step reaches',
      'histogram_quantile',
      { inputs: { counts: [3], edges: [4] }, dtypes: { counts: 'i32' }, params: { q: 1 } },
      [
        {
          kernel: 'math/histogram_quantile',
          binds: 'counts edges y',
          uniforms: { bins: 3, share: 0, is_last: 1 },
        },
      ],
      { y: 'f32 1' },
    ],
    [
      // Place 0.25 * 34 is 8.5.
      'the element of a rank, and the next',
      'quantile',
      { inputs: x, params: { q: 0.25 } },
      [
        ...radix({ rows: 1, width: 35, rank: 8 }, 0, '[12]', '[1024]'),
        fill('[4]', 1, 0xffffffff),
        {
          kernel: 'math/quantile_next',
          binds: 'x [12] [4]',
          uniforms: { width: 35 },
          constants: { ABSOLUTE: 0 },
        },
        { kernel: 'math/quantile', binds: '[12] [4] y', uniforms: { rows: 1, fraction: 0.5 } },
      ],
      { y: 'f32 1' },
    ],
    [
      // Place 0.875 * 6 is 5.25.
      'of absolute values of each channel',
      'quantile',
      { inputs: { x: [2, 7] }, params: { q: 0.875, absolute: true, per_channel: true } },
      [
        ...radix({ rows: 2, width: 7, rank: 5 }, 1, '[24]', '[2048]'),
        fill('[8]', 2, 0xffffffff),
        {
          kernel: 'math/quantile_next',
          binds: 'x [24] [8]',
          uniforms: { width: 7 },
          constants: { ABSOLUTE: 1 },
        },
        { kernel: 'math/quantile', binds: '[24] [8] y', uniforms: { rows: 2, fraction: 0.25 } },
      ],
      { y: 'f32 2' },
    ],
    ...(
      [
        ['float64', 'f32', 0],
        ['float32', 'f32', 0],
        ['float16', 'f16', 1],
        ['bfloat16', 'bf16', 2],
        ['int32', 'i32', 3],
        ['uint8', 'u8', 4],
        ['int8', 'i8', 5],
        ['bool', 'u8', 6],
      ] as const
    ).map(
      ([to, dtype, code]): CallRow => [
        `to ${to}`,
        'cast',
        { inputs: x, params: { to } },
        [
          {
            kernel: 'math/cast',
            binds: 'x y',
            uniforms: { count: 35 },
            constants: { FROM: 0, TO: code, WHOLE: 0 },
            // Captured steps fuse floats that become floats.
            ...(dtype === 'f32' || dtype === 'f16' || dtype === 'bf16'
              ? { elementwise: { count: 35, cast: { from: 'f32', to: dtype } } }
              : {}),
          },
        ],
        { y: `${dtype} 5x7` },
      ],
    ),
    [
      'back to the type that it came from',
      'cast',
      { inputs: x, dtypes: { x: 'bf16' }, params: { to: 'float32' }, wants: ['x'] },
      [
        {
          kernel: 'math/cast',
          binds: 'dy dx',
          uniforms: { count: 35 },
          constants: { FROM: 0, TO: 2, WHOLE: 0 },
          elementwise: { count: 35, cast: { from: 'f32', to: 'bf16' } },
        },
      ],
      { x: 'bf16 5x7' },
    ],
    [
      'not back where no gradient is wanted',
      'cast',
      { inputs: x, params: { to: 'float32' }, wants: ['y'] },
      [],
      {},
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));

  test.each<[Record<string, readonly number[]>, string]>([
    [{ edges: [2, 2] }, 'edges 2x2: give a list of two or more'],
    [{ edges: [1] }, 'edges 1: give a list of two or more'],
    [{ edges: [4], counts: [4] }, 'counts 4 are not those of 3 bins'],
  ])('%j are refused', async (given, message) => {
    const call = { inputs: { x: [5, 7], ...given }, dtypes: { counts: 'i32' } as const };
    await expect(describedCall('histogram', call)).rejects.toMatchObject({ message });
  });

  test('two edges are one bin', async () => {
    const { results } = await describedCall('histogram', { inputs: { x: [5, 7], edges: [2] } });
    expect(results).toEqual({ counts: 'i32 1' });
  });
});

describe('the largest of a row', () => {
  const rows = { x: [2, 5, 3] };
  const choice = { INTEGERS: 0, SMALLEST: 0 };
  /** Passes of a sort of 6 rows of 8: what is apart, and which go the other way round. */
  const PASSES = [
    [1, 2],
    [2, 4],
    [1, 4],
    [4, 0],
    [2, 0],
    [1, 0],
  ] as const;
  const sorted = (k: number) => [
    {
      kernel: 'math/topk_pairs',
      binds: 'x [384]',
      uniforms: { count: 48, terms: 5, inner: 3, length: 8 },
      constants: choice,
    },
    ...PASSES.map(([apart, descends]) => ({
      kernel: 'math/topk_exchange',
      binds: '[384]',
      uniforms: { count: 24, apart, descends },
    })),
    {
      kernel: 'math/topk_sorted',
      binds: 'x [384] values indices',
      uniforms: { count: 6 * k, terms: 5, k, inner: 3, length: 8 },
    },
  ];
  const rounds = (LANES: number) => ({
    kernel: 'math/topk',
    binds: 'x values indices',
    uniforms: { rows: 6, terms: 5, k: 2, inner: 3, first: 0, end: 2 },
    constants: { ...choice, LANES },
    flops: 60,
  });
  const results = { values: 'f32 2x2x3', indices: 'i32 2x2x3' };
  const call = { inputs: rows, params: { k: 2, axis: 1 } };
  test.each<CallRow>([
    ['are found in rounds by the lanes of a workgroup', 'topk', call, [rounds(256)], results],
    ['or by one', 'topk', { ...call, variant: 'serial' }, [rounds(1)], results],
    ['or sorted', 'topk', { ...call, variant: 'sort' }, sorted(2), results],
  ])('%s: %s', (_, ...each) => expectCall(...each));

  test.each(['rounds', 'serial'])(
    'are sorted where more are asked for than that costs: %s',
    async (variant) => {
      const kernels = async (k: number) => {
        const of = { inputs: { x: [2, 100] }, params: { k }, variant };
        const { commands } = await describedCall('topk', of);
        return new Set(commands.map((command) => ('kernel' in command ? command.kernel : '')));
      };
      // 28 passes of 128 elements.
      expect(await kernels(56)).toEqual(new Set(['math/topk']));
      expect(await kernels(57)).toEqual(
        new Set(['math/topk_pairs', 'math/topk_exchange', 'math/topk_sorted']),
      );
    },
  );

  test.each([
    [[256, 256], 4, 'serial'],
    [[255, 300], 4, 'rounds'],
    [[256, 256], 16, 'rounds'],
  ])('of %j on a device with subgroups of %d are found by %s', (shape, widestSubgroup, variant) => {
    const gpu = { features: new Set<string>(), limits: {}, widestSubgroup };
    const x = { dtype: 'f32', shape } as const;
    expect(chooseVariant(gpu, launchers.get('topk') as Launcher, { x })).toBe(variant);
  });
});
