import { expect, test } from 'vitest';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { launchesOf } from '../fixtures/launches.ts';
import { chooseLaunch, chooseVariant, type Machine } from '../variants.ts';
import { HALVES_VARIANTS, PRODUCT_VARIANTS } from './product.ts';
import { QUANTIZED_VARIANTS } from './product_quantized.ts';

const machine = (widestSubgroup: number, ...features: string[]): Machine => ({
  features: new Set(features),
  limits: {},
  widestSubgroup,
});

test.each([
  [machine(8, 'subgroups'), 'subgroup', 'subgroup'],
  [machine(8), 'register', 'register'],
  [machine(32, 'subgroups'), 'tiled', 'register'],
  [machine(32), 'tiled', 'register'],
])('an adapter runs the variant that suits it (%#)', (gpu, dense, fourBit) => {
  expect(chooseVariant(gpu, PRODUCT_VARIANTS)).toBe(dense);
  expect(chooseVariant(gpu, QUANTIZED_VARIANTS)).toBe(fourBit);
});

test.each<[string, Shape, DType, ReturnType<typeof chooseLaunch>]>([
  ['tiled', [9, 9], 'f32', { variant: 'tiled', sizes: {} }],
  ['tiled', [8, 64], 'f32', { variant: 'register', sizes: {} }],
  ['tiled', [64, 8], 'f32', { variant: 'register', sizes: {} }],
  ['tiled', [64, 64], 'bf16', { variant: 'register', sizes: {} }],
  ['subgroup', [4, 64], 'f32', { variant: 'subgroup', sizes: { ROWS: 4 } }],
  ['subgroup', [8, 64], 'f32', { variant: 'subgroup', sizes: { ROWS: 8 } }],
  ['subgroup', [9, 64], 'f32', { variant: 'subgroup', sizes: { ROWS: 16 } }],
  ['subgroup', [64, 64], 'f16', { variant: 'register', sizes: {} }],
  ['register', [64, 64], 'f32', { variant: 'register', sizes: {} }],
])('%s computes a result of %j from %s', (asked, shape, dtype, expected) => {
  const operands = {
    a: { dtype: 'f32', shape: [shape[0] as number, 3] },
    b: { dtype, shape: [3, shape[1] as number] },
    y: { dtype: 'f32', shape },
  } as const;
  expect(chooseLaunch(machine(8), PRODUCT_VARIANTS, asked, operands)).toEqual(expected);
});

test.each<[Machine, DType, DType, string]>([
  [machine(32, 'shader-f16'), 'f16', 'f16', 'native'],
  [machine(8, 'shader-f16'), 'f16', 'f16', 'native'],
  [machine(32), 'f16', 'f16', 'words'],
  [machine(32, 'shader-f16'), 'f16', 'bf16', 'words'],
  [machine(32, 'shader-f16'), 'f32', 'f16', 'words'],
])('an adapter loads halves in the way that it has (%#)', (gpu, a, b, expected) => {
  const operands = { a: { dtype: a, shape: [2, 3] }, b: { dtype: b, shape: [3, 2] } };
  expect(chooseVariant(gpu, HALVES_VARIANTS, operands)).toBe(expected);
});

test.each([
  ['subgroup', { variant: 'subgroup', sizes: { ROWS: 8 } }],
  // LoRA runs as `tiled` also where its weight has 4 bits.
  ['tiled', { variant: 'register', sizes: {} }],
])('%s computes a product with a 4-bit weight', (asked, expected) => {
  const x = { dtype: 'f32', shape: [2, 4, 64] } as const;
  expect(chooseLaunch(machine(8), QUANTIZED_VARIANTS, asked, { x })).toEqual(expected);
});

test.each<[string, variant: string, a: Shape, b: Shape, kernel: string, constants?: object]>([
  ['few rows', 'subgroup', [4, 5], [5, 64], 'matmul/matmul_subgroup', { ROWS: 4, LOAD_B: 1 }],
  ['many rows', 'subgroup', [64, 5], [5, 4], 'matmul/matmul_subgroup', { ROWS: 16, LOAD_B: 1 }],
  ['odd rows of b', 'subgroup', [8, 5], [5, 7], 'matmul/matmul_subgroup', { ROWS: 8, LOAD_B: 0 }],
  ['few rows', 'tiled', [8, 5], [5, 64], 'matmul/matmul'],
  ['few columns', 'tiled', [64, 5], [5, 8], 'matmul/matmul'],
  ['many of both', 'tiled', [9, 5], [5, 9], 'matmul/matmul_tiled'],
])('a result of %s runs as suits its shape: %s', async (_, variant, a, b, kernel, constants) => {
  const launches = await launchesOf('matmul', { inputs: { a, b }, variant });
  expect(launches.map(({ shader, ...launch }) => [shader.file, launch.constants])).toEqual([
    [kernel, constants],
  ]);
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
