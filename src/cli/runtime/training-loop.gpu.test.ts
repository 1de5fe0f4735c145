import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Examples } from '../../data/examples.ts';
import { drawSpirals } from '../../data/spirals.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { Mlp } from '../../models/mlp/mlp.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Fingerprints } from '../../train/fingerprints.ts';
import { GroupedBatches } from '../../train/grouped-batches.ts';
import { type LoopOptions, TrainingLoop } from '../../train/loop/training-loop.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What a training loop holds on the device, and where its data end. */

let gpu: Gpu;
let scope: Scope;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => {
  scope[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

const COUNTS = [4, 2, 4, 3];

/** A model and its optimizer. */
function trained(fingerprints?: Fingerprints) {
  const model = scope.add(new Mlp(gpu, { inFeatures: 2, hidden: 4, classes: 2 }, new Random(1)));
  const params = { optimizer: 'sgd', lr: 0.1 } as const;
  const optimizer = scope.add(new Optimizer(gpu, model.parameters, params, { fingerprints }));
  return { model, optimizer };
}

/** A loop over batches of so many points. */
function loopOver<T extends Pick<LoopOptions, 'model'>>(
  counts: readonly number[],
  fingerprints: Fingerprints | undefined,
  subject: T,
) {
  const random = new Random(2);
  const batches = counts.map((count): Examples => drawSpirals(count, random));
  const source = new GroupedBatches(batches, 1);
  const observers = { fingerprints };
  const loop = scope.add(new TrainingLoop(gpu, { ...subject, source, observers }));
  return { ...subject, loop };
}

test('a second capture frees what the first took', async () => {
  const { loop } = loopOver([4, 4, 2], undefined, trained());
  await loop.capture();
  const { liveBytes, liveBuffers } = gpu.memory.ledger;
  await loop.capture();
  expect(gpu.memory.ledger).toMatchObject({ liveBytes, liveBuffers });
  await loop.step();
  await loop.step();
  await loop.capture(); // the last batch is smaller
  expect(gpu.memory.ledger.liveBytes).toBeLessThan(liveBytes);
});

test('a capture that fails leaves nothing, fingerprints neither', async () => {
  const fingerprints = scope.add(new Fingerprints(gpu));
  const { loop } = loopOver(COUNTS, fingerprints, trained(fingerprints));
  await loop.step();
  using _edit = gpu.recorder.pipelines.edit('math/relu', { from: 'what it does not say', to: '' });
  const before = gpu.memory.ledger.liveBuffers;
  await expect(loop.capture()).rejects.toThrow(/occurs 0 times/);
  expect(gpu.memory.ledger.liveBuffers).toBe(before);
});

test('fingerprints are read of a step that has not ended too, and once', async () => {
  const fingerprints = scope.add(new Fingerprints(gpu));
  const x = scope.add(Tensor.zeros(gpu, [4]));
  fingerprints.see({ x });
  fingerprints.endStep();
  fingerprints.see({ x, y: x });
  const [ended, begun] = (await fingerprints.read()) as [Uint32Array, Uint32Array];
  expect([ended.length, begun.length]).toEqual([2, 4]);
  expect([...begun]).toEqual([...ended, ...ended]);
  expect(await fingerprints.read()).toEqual([]);
});

test.each([false, true])('steps end with the data (captured: %s)', async (isCaptured) => {
  const { loop, optimizer } = loopOver(COUNTS, undefined, trained());
  if (isCaptured) await loop.capture();
  const sizes: unknown[] = [];
  for (let parts = await loop.step(); parts; parts = await loop.step())
    sizes.push(parts[0]?.labels.data.length);
  expect(sizes).toEqual(COUNTS);
  await expect(loop.judgedStep(async () => undefined)).resolves.toBeUndefined();
  await loop.capture();
  expect(optimizer.step).toBe(COUNTS.length);
});

test('a loop counts its steps from where its optimizer was', async () => {
  const { optimizer, model } = trained();
  for (let before = 0; before < 3; before++) optimizer.advance();
  const { loop } = loopOver(COUNTS, undefined, { optimizer, model });
  await loop.step();
  const state = await loop.checkpoint();
  expect(state.step).toBe(4);
  await loop.step();
  loop.restore(state);
  expect((await loop.step())?.[0]?.labels.data.length).toBe(COUNTS[1]);
  expect(optimizer.step).toBe(5);
});

test('a frozen loop counts its steps, and goes back too', async () => {
  const { model } = trained();
  const { loop } = loopOver(COUNTS, undefined, { model });
  const before = await model.parameters.read();
  await loop.step();
  await loop.step();
  const state = await loop.checkpoint();
  expect(state).toEqual({ step: 2, tensors: {}, random: 0, statistics: {} });
  await loop.step();
  loop.restore(state);
  expect((await loop.step())?.[0]?.labels.data.length).toBe(COUNTS[2]);
  expect(await model.parameters.read()).toEqual(before);
});

test('the loss is of a step that was made', async () => {
  const { loop } = loopOver(COUNTS, undefined, trained());
  await expect(loop.readLoss()).rejects.toThrow('before it made a step');
});
