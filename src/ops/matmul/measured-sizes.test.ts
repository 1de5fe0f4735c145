import { expect, test } from 'vitest';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { launchesOf, type TracedCall } from '../fixtures/launches.ts';

const CONVOLUTIONS = ['conv1d', 'conv2d', 'conv_transpose2d'];

/** Rows of the quads in which an op runs by a table. */
async function rowsOfQuads(op: string, call: TracedCall): Promise<unknown> {
  const launches = await launchesOf(op, { ...call, variant: 'subgroup' });
  return launches.find(({ shader }) => shader.file === 'matmul/quad')?.constants?.['ROWS'];
}

/** Those of a product whose first operand has this many rows, of this type. */
const rowsOf = (m: number, tuned: readonly TuningRow[], dtype: DType = 'f32', k = 64) =>
  rowsOfQuads('matmul', {
    inputs: { a: [m, k], b: [k, 64] },
    dtypes: { a: dtype, b: dtype },
    tuned,
  });

test('sizes that were measured of convolutions are those of no product', async () => {
  const tuned = [{ variant: 'subgroup', sizes: { ROWS: 4 }, ops: CONVOLUTIONS, dtype: 'f32' }];
  expect(await rowsOf(8, tuned)).toBe(8);
  expect(await rowsOf(64, tuned, 'f16')).toBe(16);
  const images: Readonly<Record<string, Shape>> = { x: [1, 8, 9, 9], weight: [32, 8, 3, 3] };
  const taken = { inputs: images, tuned };
  expect(await rowsOfQuads('conv2d', taken)).toBe(4);
  expect(await rowsOfQuads('conv2d', { ...taken, wants: ['weight'] })).toBe(4);
});

test('sizes hold for the type, rows and width of the first operand that they were measured with', async () => {
  const sized = (ROWS: number, row: Omit<TuningRow, 'variant'>): TuningRow => ({
    ...{ variant: 'subgroup', sizes: { ROWS }, ops: ['matmul'] },
    ...row,
  });
  const tuned = [sized(4, { dtype: 'f32' }), sized(32, { dtype: 'f16', rows: [64] })];
  expect(await rowsOf(64, tuned)).toBe(4);
  expect(await rowsOf(64, tuned, 'f16'), 'its own row, behind another').toBe(32);
  expect(await rowsOf(63, tuned, 'f16')).toBe(16);
  expect(await rowsOf(64, tuned, 'bf16')).toBe(16);
  const wide = [sized(4, { width: [128] })];
  expect([await rowsOf(64, wide, 'f32', 127), await rowsOf(64, wide, 'f32', 128)]).toEqual([16, 4]);
});

test('of several rows with the variant the first that fits decides, without sizes as well', async () => {
  const plain = { variant: 'subgroup', dtype: 'f32' };
  expect(await rowsOf(64, [plain, { ...plain, sizes: { ROWS: 4 } }])).toBe(16);
});

test('a product that an op launches has measured sizes where its result has such rows too', async () => {
  const tuned = [{ variant: 'subgroup', sizes: { ROWS: 32 }, rows: [128, 256] } as const];
  const ofGradient = (k: number) =>
    rowsOfQuads('matmul', { inputs: { a: [200, k], b: [k, 64] }, tuned, wants: ['b'] });
  expect([await ofGradient(256), await ofGradient(64)]).toEqual([32, 16]);
});

test('sizes that no variant offers are not taken', async () => {
  const tuned = [{ variant: 'subgroup', sizes: { ROWS: 5, LANES: 16 } }];
  expect(await rowsOf(200, tuned)).toBe(16);
});
