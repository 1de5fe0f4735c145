import { expect, test } from 'vitest';
import { CLASSES, type TunedClass } from '../../bench/tuner/classes.ts';
import { tune, tuneOn } from '../../bench/tuner/tune.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { has } from '../../gpu/tuning.ts';
import { isUnmeasured, unmeasured } from '../../ops/tuning/unmeasured.ts';
import { COSTS, clockOfTiles } from './fixtures/clock-of-tiles.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Products of 8 rows and of one: small, and each with tiles of its own. */
const SMALL = [8, 1].map((m) => {
  const isOf = ({ work: { op }, row }: TunedClass) =>
    op === 'matmul' && row.dtype === 'f32' && has(row.rows ?? [0], m);
  return CLASSES.find(isOf) as TunedClass;
}) as [TunedClass, TunedClass];

test('a variant that is wrong is never chosen', async () => {
  using gpu = await softwareGpu();
  gpu.recorder.pipelines.edit('matmul/split', {
    from: 'let fours = fours_of_terms();',
    to: 'let fours = max(fours_of_terms(), 1u) - 1u;',
  });
  const rows = await tune(gpu, SMALL.slice(0, 1), clockOfTiles(gpu, COSTS), 1e9);
  expect(rows).toEqual([]);
});

test('measuring ends when its time is spent, frees what it took and tells what is left', async () => {
  using gpu = await softwareGpu();
  const clock = clockOfTiles(gpu, { ...COSTS, 'matmul/split': 1 });
  const rest = CLASSES.slice(1).map(({ row }) => unmeasured(row));
  expect(await tune(gpu, CLASSES, clock, 20)).toEqual(rest);
  await gpu.finish();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

test('a variant that is slow in one class does not take the time of the next', async () => {
  using gpu = await softwareGpu();
  const slowButInOneRow = ({ ROWS }: Constants) => (ROWS === 1 ? 2 : 900);
  const costs = {
    ...COSTS,
    'matmul/workgroup': 50,
    'matmul/quad': 5,
    'matmul/register': 6,
    'matmul/split': slowButInOneRow,
  };
  const clock = clockOfTiles(gpu, costs);
  const [, one] = SMALL;
  expect(await tune(gpu, SMALL, clock, 9000)).toEqual([{ variant: 'tiled', ...one.row }]);
  expect(clock()).toBeLessThan(9000);
});

test('a class for which the time is too short leaves the others to be measured next', async () => {
  using gpu = await softwareGpu();
  // A run of the slow tile takes more than there is.
  const clock = clockOfTiles(gpu, {
    'matmul/quad': 100,
    'matmul/register': 90,
    'matmul/split': 900,
  });
  const [, one] = SMALL;
  const first = await tuneOn(gpu, SMALL, clock, undefined, 3000);
  expect(first).toEqual([unmeasured(one.row)]);
  const known = { variant: 'tiled', ops: ['topk'] };
  const second = await tuneOn(gpu, SMALL, clock, [...first, known], 3000);
  expect(second.filter(isUnmeasured)).toEqual([]);
  expect(second.at(-1)).toEqual(known);
  const third = clock();
  expect(await tuneOn(gpu, SMALL, clock, second, 3000)).toEqual(second);
  expect(clock(), 'nothing is left').toBe(third);
});
