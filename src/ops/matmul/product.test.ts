import { expect, test } from 'vitest';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { launchesOf } from '../fixtures/launches.ts';
import { chooseLaunch, chooseVariant, type Machine } from '../variants.ts';
import { matmul } from './matmul.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

const machine = (widestSubgroup: number, ...features: string[]): Machine => ({
  features: new Set(features),
  limits: {},
  widestSubgroup,
});

test.each([
  [machine(8, 'subgroups'), 'subgroup'],
  [machine(8), 'register'],
  [machine(32, 'subgroups'), 'tiled'],
  [machine(32), 'tiled'],
])('an adapter runs the variant that suits it (%#)', (gpu, expected) => {
  expect(chooseVariant(gpu, matmul)).toBe(expected);
});

test.each<[string, Machine, Shape, ReturnType<typeof chooseLaunch>, stored?: DType]>([
  ['tiled', machine(32), [9, 9], { variant: 'tiled', sizes: { TILE: 16, SPAN: 1, ROWS: 4 } }],
  ['tiled', machine(32), [1, 9999], { variant: 'tiled', sizes: { TILE: 16, SPAN: 1, ROWS: 1 } }],
  ['tiled', machine(32), [8, 99_999], { variant: 'tiled', sizes: { TILE: 16, SPAN: 1, ROWS: 4 } }],
  ['tiled', machine(32), [99_999, 8], { variant: 'tiled', sizes: { TILE: 16, SPAN: 1, ROWS: 4 } }],
  [
    'tiled',
    machine(32),
    [9, 199 * 32],
    { variant: 'tiled', sizes: { TILE: 16, SPAN: 1, ROWS: 4 } },
  ],
  [
    'tiled',
    machine(32),
    [9, 200 * 32],
    { variant: 'tiled', sizes: { TILE: 32, SPAN: 1, ROWS: 4 } },
  ],
  [
    'tiled',
    machine(32),
    [64, 500 * 32 - 32],
    { variant: 'tiled', sizes: { TILE: 32, SPAN: 1, ROWS: 4 } },
  ],
  [
    'tiled',
    machine(32),
    [64, 500 * 32 - 31],
    { variant: 'tiled', sizes: { TILE: 64, SPAN: 1, ROWS: 4 } },
  ],
  ['tiled', machine(32), [2048, 2048], { variant: 'tiled', sizes: { TILE: 64, SPAN: 2, ROWS: 4 } }],
  ['subgroup', machine(8), [1, 64], { variant: 'register', sizes: { ROWS: 1, LANES: 16 } }],
  ['subgroup', machine(8), [2, 64], { variant: 'subgroup', sizes: { ROWS: 4 } }],
  ['subgroup', machine(8), [4, 64], { variant: 'subgroup', sizes: { ROWS: 4 } }],
  ['subgroup', machine(8), [8, 64], { variant: 'subgroup', sizes: { ROWS: 8 } }],
  ['subgroup', machine(8), [9, 64], { variant: 'subgroup', sizes: { ROWS: 16 } }],
  ['subgroup', machine(8), [17, 64], { variant: 'subgroup', sizes: { ROWS: 16 } }],
  ['subgroup', machine(8), [16, 64], { variant: 'subgroup', sizes: { ROWS: 16 } }, 'u8'],
  ['subgroup', machine(8), [17, 64], { variant: 'subgroup', sizes: { ROWS: 32 } }, 'u8'],
  ['register', machine(8), [64, 64], { variant: 'register', sizes: { ROWS: 4, LANES: 16 } }],
])('%s computes a result (%#)', (asked, gpu, shape, expected, dtype = 'f32') => {
  const operands = { b: { dtype, shape: [3, 64] }, y: { dtype: 'f32', shape } } as const;
  expect(chooseLaunch(gpu, PRODUCT_VARIANTS, asked, operands)).toEqual(expected);
});

test.each<[string, features: readonly string[], DType, DType, Shape, link: string]>([
  ['tiled', ['shader-f16'], 'f16', 'f16', [9, 5], 'f16'],
  ['tiled', ['shader-f16'], 'f16', 'f16', [9, 8], 'f16_fours'],
  ['register', ['shader-f16'], 'f16', 'f16', [9, 8], 'words'],
  ['tiled', [], 'f16', 'f16', [9, 8], 'words'],
  ['tiled', ['shader-f16'], 'f16', 'bf16', [9, 8], 'words'],
  ['tiled', ['shader-f16'], 'f32', 'f16', [9, 8], 'words'],
  ['tiled', ['shader-f16'], 'f32', 'f32', [9, 8], 'fours'],
  ['tiled', ['shader-f16'], 'f32', 'f32', [9, 5], 'strided_fours'],
])(
  '%s of an adapter with %j reads %s and %s (%#)',
  async (variant, features, a, b, shape, link) => {
    const call = { inputs: { a: shape, b: [shape[1] as number, 12] }, dtypes: { a, b }, variant };
    const [launch] = await launchesOf('matmul', call, { features });
    expect(launch?.shader.link).toBe(link);
  },
);

test.each<[string, variant: string, a: Shape, b: Shape, kernel: string, link: string]>([
  ['few rows', 'subgroup', [4, 5], [5, 64], 'matmul/quad', 'strided_fours'],
  ['one row', 'subgroup', [1, 5], [5, 63], 'matmul/register', 'strided'],
  ['odd rows of b', 'subgroup', [8, 8], [8, 7], 'matmul/quad', 'fours_strided'],
  ['few rows', 'tiled', [8, 5], [5, 64], 'matmul/split', 'strided_fours'],
  ['few columns', 'tiled', [64, 5], [5, 8], 'matmul/split', 'strided_fours'],
  ['many of both', 'tiled', [480, 8], [8, 480], 'matmul/workgroup', 'fours'],
])('a result of %s runs as suits its shape: %s', async (_, variant, a, b, file, link) => {
  const launches = await launchesOf('matmul', { inputs: { a, b }, variant });
  expect(launches.map(({ shader }) => shader)).toMatchObject([{ file, link }]);
});

test.each([
  [65_535, [65_535]],
  [65_536, [65_535, 1]],
])('%d products are launched as %j, since a dimension of the grid ends', async (batch, counts) => {
  const launches = await launchesOf('matmul', {
    inputs: { a: [batch, 1, 1], b: [batch, 1, 1] },
    variant: 'register',
  });
  expect(launches.map(({ workgroups }) => workgroups[2])).toEqual(counts);
});
