import { expect, test } from 'vitest';
import { CLASSES } from '../../bench/tuner/classes.ts';
import { tune } from '../../bench/tuner/tune.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { PRODUCT_VARIANTS } from '../../ops/matmul/tiles.ts';
import { launchers } from '../../ops/registry.ts';
import { chooseLaunch, chooseVariant } from '../../ops/variants.ts';
import { COSTS, clockOfTiles } from './fixtures/clock-of-tiles.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

const NO_END = 1e9;
const [products] = CLASSES;

const choice = (gpu: Gpu, m: number) =>
  chooseVariant(gpu, launchers.get('lora_linear') as Launcher, {
    x: { dtype: 'f32', shape: [m, 64] },
  });

/** On a processor each tile takes seconds. */
const LONG = { timeout: 300_000 };

test('what is measured to be faster is chosen, in its class alone', LONG, async () => {
  using gpu = await softwareGpu();
  expect(choice(gpu, 200)).toBe('subgroup');
  gpu.tuned = await tune(gpu, CLASSES.slice(0, 1), clockOfTiles(gpu, COSTS), NO_END);
  expect(gpu.tuned).toEqual([{ ...products?.row, variant: 'tiled' }]);
  expect([200, 8].map((m) => choice(gpu, m))).toEqual(['tiled', 'subgroup']);
});

test.each([
  ['f16', 'matmul'],
  ['nf4', 'matmul_4bit'],
])('what is measured of %s is chosen for it alone', LONG, async (type, op) => {
  using gpu = await softwareGpu();
  const [own] = CLASSES.filter(({ work }) => work.id.startsWith(`bench.${op}:${type};`));
  gpu.tuned = await tune(gpu, own ? [own] : [], clockOfTiles(gpu, COSTS), NO_END);
  expect(gpu.tuned).toEqual([{ ...own?.row, variant: 'tiled' }]);
  const dtype = type === 'nf4' ? 'f32' : type;
  const chosen = (name: string, dtype: string) =>
    chooseVariant(
      gpu,
      launchers.get(name) as Launcher,
      {
        ...{ a: { dtype, shape: [256, 256] }, x: { dtype, shape: [256, 256] } },
      } as Parameters<typeof chooseVariant>[2],
    );
  expect(chosen(op, dtype)).toBe('tiled');
  expect(chosen('matmul', 'f32')).toBe('subgroup');
});

test('what is faster by less than a tenth is not', async () => {
  using gpu = await softwareGpu();
  const clock = clockOfTiles(gpu, { ...COSTS, 'matmul/split': 7.5 });
  expect(await tune(gpu, CLASSES.slice(0, 1), clock, NO_END)).toEqual([]);
});

test('sizes of a variant are measured too, and hold in their class alone', async () => {
  using gpu = await softwareGpu();
  const costOfQuad = ({ ROWS }: Constants) => (ROWS === 32 ? 2 : 4);
  const clock = clockOfTiles(gpu, { ...COSTS, 'matmul/quad': costOfQuad });
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
