import { expect, test } from 'vitest';
import { CLASSES } from '../../bench/tuner/classes.ts';
import { tune } from '../../bench/tuner/tune.ts';
import { COSTS, clockOfTiles } from './fixtures/clock-of-tiles.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

test('a variant that is wrong is never chosen', async () => {
  using gpu = await softwareGpu();
  gpu.recorder.pipelines.edit('matmul/split', {
    from: 'let fours = fours_of_terms();',
    to: 'let fours = max(fours_of_terms(), 1u) - 1u;',
  });
  const rows = await tune(gpu, CLASSES.slice(0, 1), clockOfTiles(gpu, COSTS), 1e9);
  expect(rows).toEqual([]);
});

test('measuring ends when its time is spent, and frees what it took', async () => {
  using gpu = await softwareGpu();
  const clock = clockOfTiles(gpu, { ...COSTS, 'matmul/split': 1 });
  expect(await tune(gpu, CLASSES, clock, 20)).toEqual([]);
  await gpu.finish();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});
