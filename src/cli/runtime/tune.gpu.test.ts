import { expect, test } from 'vitest';
import { CLASSES } from '../../bench/tuner/classes.ts';
import { tune } from '../../bench/tuner/tune.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { PRODUCT_VARIANTS } from '../../ops/matmul/tiles.ts';
import { launchers } from '../../ops/registry.ts';
import { chooseLaunch, chooseVariant } from '../../ops/variants.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

const NO_END = 1e9;
const [products] = CLASSES;

/** A clock that a run of these tiles moves on by so much a launch, and nothing else. */
function clockOf(
  gpu: Gpu,
  costs: Readonly<Record<string, number | ((sizes: Constants) => number)>>,
): () => number {
  let now = 0;
  const { recorder } = gpu;
  const dispatch = recorder.dispatch.bind(recorder);
  recorder.dispatch = (launch) => {
    const cost = costs[launch.shader.file] ?? 0;
    now += typeof cost === 'number' ? cost : cost(launch.constants ?? {});
    dispatch(launch);
  };
  return () => now;
}

const costs = { 'matmul/quad': 8, 'matmul/split': 4, 'matmul/register': 9, 'matmul/workgroup': 9 };
const choice = (gpu: Gpu, m: number) =>
  chooseVariant(gpu, launchers.get('lora_linear') as Launcher, {
    x: { dtype: 'f32', shape: [m, 64] },
  });

test('what is measured to be faster is chosen, in its class alone', async () => {
  using gpu = await softwareGpu();
  expect(choice(gpu, 200)).toBe('subgroup');
  gpu.tuned = await tune(gpu, CLASSES.slice(0, 1), clockOf(gpu, costs), NO_END);
  expect(gpu.tuned).toEqual([{ ...products?.row, variant: 'tiled' }]);
  expect([200, 8].map((m) => choice(gpu, m))).toEqual(['tiled', 'subgroup']);
});

test('what is faster by less than a tenth is not', async () => {
  using gpu = await softwareGpu();
  const clock = clockOf(gpu, { ...costs, 'matmul/split': 7.5 });
  expect(await tune(gpu, CLASSES.slice(0, 1), clock, NO_END)).toEqual([]);
});

test('sizes of a variant are measured too, and hold in their class alone', async () => {
  using gpu = await softwareGpu();
  const costOfQuad = ({ ROWS }: Constants) => (ROWS === 32 ? 2 : 4);
  const clock = clockOf(gpu, { ...costs, 'matmul/quad': costOfQuad });
  gpu.tuned = await tune(gpu, CLASSES.slice(0, 1), clock, NO_END);
  expect(gpu.tuned).toEqual([{ ...products?.row, variant: 'subgroup', sizes: { ROWS: 32 } }]);
  const rowsOf = (m: number) =>
    chooseLaunch(
      gpu,
      PRODUCT_VARIANTS,
      'subgroup',
      { b: { dtype: 'f32', shape: [8, 64] }, y: { dtype: 'f32', shape: [m, 64] } },
      m,
    ).sizes;
  expect([200, 64].map(rowsOf)).toEqual([{ ROWS: 32 }, { ROWS: 16 }]);
  gpu.tuned = [{ variant: 'subgroup', sizes: { ROWS: 5, LANES: 16 } }];
  expect(rowsOf(200), 'sizes that no variant offers').toEqual({ ROWS: 16 });
});

test('a variant that is wrong is never chosen', async () => {
  using gpu = await softwareGpu();
  gpu.recorder.pipelines.edit('matmul/split', {
    from: 'let fours = fours_of_terms();',
    to: 'let fours = max(fours_of_terms(), 1u) - 1u;',
  });
  const rows = await tune(gpu, CLASSES.slice(0, 1), clockOf(gpu, costs), NO_END);
  expect(rows).toEqual([]);
});

test('measuring ends when its time is spent, and frees what it took', async () => {
  using gpu = await softwareGpu();
  const clock = clockOf(gpu, { ...costs, 'matmul/split': 1 });
  expect(await tune(gpu, CLASSES, clock, 20)).toEqual([]);
  await gpu.finish();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});
