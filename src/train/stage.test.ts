import { expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import { judgeStage, runStage, type Stage } from './stage.ts';

const number = (gpu: Gpu, value: number) => Tensor.from(gpu, hostTensorFrom('f32', [1], [value]));
/** Its second variant is that of the inputs of the stage. */
const op = {
  signature: { name: 'test', inputs: { changed: {} } },
  variants: {
    first: { kernels: [] },
    second: { kernels: [] },
  },
};

/** A stage that makes 9 of what was 1, and one more tensor. */
async function setUp() {
  const { gpu } = await hostGpu();
  gpu.tuned = [{ variant: 'second', ops: ['test'], width: [1, 1] }];
  const changed = number(gpu, 1);
  const stage: Stage = {
    op: op as unknown as Stage['op'],
    params: () => ({ lr: 0.5 }),
    reads: { read: number(gpu, 2) },
    changes: { changed },
    writes: { written: number(gpu, 3) },
    run: () => {
      changed.write(hostTensorFrom('f32', [1], [9]));
      return { made: number(gpu, 4) };
    },
  };
  return { gpu, stage, held: gpu.memory.ledger.liveBytes };
}

/** The order counts: sums of what is seen are compared one by one. */
const order = ['changed', 'written', 'made'];

test('a stage shows what it changed, what it wrote and what it made, and frees the last', async () => {
  const { gpu, stage, held } = await setUp();
  const seen: Tensors[] = [];
  runStage(stage, (outputs) => seen.push(outputs));
  expect(seen.map(Object.keys)).toEqual([order]);
  expect(seen[0]).toMatchObject({ ...stage.changes, ...stage.writes });
  expect(gpu.memory.ledger.liveBytes).toBe(held);
});

test('a stage without more outputs shows what it changed', async () => {
  const { gpu, stage } = await setUp();
  const { writes: _, ...without } = stage;
  const seen: Tensors[] = [];
  runStage({ ...without, run: () => ({}) }, (outputs) => seen.push(outputs));
  await judgeStage(
    gpu,
    { ...without, run: () => ({}) },
    (outputs) => seen.push(outputs),
    async () => {},
  );
  expect(seen.map(Object.keys)).toEqual([['changed'], ['changed']]);
});

test('a judged stage shows what went in as it was before', async () => {
  const { gpu, stage, held } = await setUp();
  const seen: string[][] = [];
  const judged: unknown[] = [];
  await judgeStage(
    gpu,
    stage,
    (outputs) => seen.push(Object.keys(outputs)),
    async (applications) => {
      const read = async (tensors: Tensors) =>
        await Promise.all(
          Object.entries(tensors).map(async ([name, one]) => [name, (await one.read()).data[0]]),
        );
      for (const { layer, op: signature, variant, params, inputs, outputs } of applications)
        judged.push([
          ...[layer, signature.name, variant, params],
          ...[await read(inputs), await read(outputs)],
        ]);
    },
  );
  expect(seen).toEqual([order]);
  const went = [
    ['changed', 1],
    ['read', 2],
  ];
  const came = [
    ['changed', 9],
    ['written', 3],
    ['made', 4],
  ];
  expect(judged).toEqual([['optimizer', 'test', 'second', { lr: 0.5 }, went, came]]);
  expect(gpu.memory.ledger.liveBytes).toBe(held);
});
