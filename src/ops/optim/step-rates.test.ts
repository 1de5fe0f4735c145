import { describe, expect, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { rateRows, stepRates } from './step-rates.ts';

describe('a table of rates has a row more than steps that differ', () => {
  test.each([
    [{ name: 'constant' }, [], 2],
    [{ name: 'constant', warmup: 5 }, [], 6],
    // A constant schedule does not end.
    [{ name: 'constant', warmup: 5, total: 100 }, [], 6],
    [{ name: 'linear', warmup: 5, total: 100 }, [], 101],
    [{ name: 'cosine', total: 100 }, [0], 101],
    // 2^-30 is 0.5 to the 30th, and 0.25 to the 15th.
    [{ name: 'constant' }, [0.5, 0.25], 31],
    [{ name: 'constant' }, [0.25, 0], 16],
    [{ name: 'linear', total: 20 }, [0.5], 31],
  ] as const)('of %j with %j: %i', (schedule, betas, rows) => {
    expect(rateRows(schedule, betas)).toBe(rows);
  });
});

test('a table holds the numbers of each step, counted from 1', async () => {
  const { gpu } = await hostGpu();
  using table = stepRates(gpu, { name: 'linear', total: 2 }, [], (step) => [
    step,
    10 * step,
    0.1,
    0,
  ]);
  expect(table.shape).toEqual([3, 4]);
  const tenth = Math.fround(0.1);
  expect([...(await table.read()).data]).toEqual([
    ...[1, 10, tenth, 0],
    ...[2, 20, tenth, 0],
    ...[3, 30, tenth, 0],
  ]);
});

test('a table of more than 2^20 rows is refused', async () => {
  const { gpu } = await hostGpu();
  const tableOf = (total: number) =>
    stepRates(gpu, { name: 'linear', total }, [], () => [0, 0, 0, 0]);
  expect(tableOf(2 ** 20 - 1).shape).toEqual([2 ** 20, 4]);
  expect(() => tableOf(2 ** 20)).toThrow(
    'numbers of 1048577 steps are too many for a table: a schedule of at most 1048576 steps',
  );
});
