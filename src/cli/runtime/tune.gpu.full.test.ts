import { expect, test } from 'vitest';
import { CLASSES, type TunedClass } from '../../bench/tuner/classes.ts';
import { tune } from '../../bench/tuner/tune.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { launchers } from '../../ops/registry.ts';
import { chooseVariant } from '../../ops/variants.ts';
import { COSTS, clockOfTiles } from './fixtures/clock-of-tiles.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

const NO_END = 1e9;
/** Of few rows, which take a processor least. */
const products = CLASSES.find(({ row }) => row.rows?.[0] === 2) as TunedClass;

const choice = (gpu: Gpu, m: number) =>
  chooseVariant(gpu, launchers.get('lora_linear') as Launcher, {
    x: { dtype: 'f32', shape: [m, 64] },
  });

/** On a processor each tile takes seconds. */
const LONG = { timeout: 300_000 };

test('what is measured to be faster is chosen, in its class alone', LONG, async () => {
  using gpu = await softwareGpu();
  expect(choice(gpu, 8)).toBe('subgroup');
  gpu.tuned = await tune(gpu, [products], clockOfTiles(gpu, COSTS), NO_END);
  expect(gpu.tuned).toEqual([{ ...products.row, variant: 'tiled' }]);
  expect([8, 200].map((m) => choice(gpu, m))).toEqual(['tiled', 'subgroup']);
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
  const clock = clockOfTiles(gpu, { ...COSTS, 'matmul/split': 750 });
  expect(await tune(gpu, [products], clock, NO_END)).toEqual([]);
});

test('sizes of a variant are measured too', async () => {
  using gpu = await softwareGpu();
  const costOfQuad = ({ ROWS }: Constants) => (ROWS === 32 ? 200 : 400);
  const clock = clockOfTiles(gpu, { ...COSTS, 'matmul/quad': costOfQuad });
  gpu.tuned = await tune(gpu, [products], clock, NO_END);
  expect(gpu.tuned).toEqual([{ ...products.row, variant: 'subgroup', sizes: { ROWS: 32 } }]);
});

/** Rows of a softmax, few and long. */
const longRows = CLASSES.filter(({ work }) => work.id.startsWith('bench.softmax:f32;rows=8;'));
/** Kernels of a row by how many lanes share it. */
const shared =
  (one: number, many: number) =>
  ({ LANES }: Constants) =>
    LANES === 1 ? one : many;

test('a variant whose gradient is wrong is never chosen', async () => {
  using gpu = await softwareGpu();
  const costs = { 'nn/softmax': shared(8, 2), 'nn/softmax_backward': shared(8, 2) };
  const clock = clockOfTiles(gpu, costs);
  const chosen = () => tune(gpu, longRows, clock, NO_END);
  expect((await chosen()).map(({ variant }) => variant)).toEqual(['row-per-workgroup']);
  gpu.recorder.pipelines.edit('nn/softmax_backward', {
    from: '(incoming(four.at) - mean)',
    to: '(incoming(four.at) + mean)',
  });
  expect(await chosen()).toEqual([]);
});

test('a variant whose gradient is slow is not chosen for its forward pass', async () => {
  using gpu = await softwareGpu();
  const costs = { 'nn/softmax': shared(8, 2), 'nn/softmax_backward': shared(8, 20) };
  expect(await tune(gpu, longRows, clockOfTiles(gpu, costs), NO_END)).toEqual([]);
});
