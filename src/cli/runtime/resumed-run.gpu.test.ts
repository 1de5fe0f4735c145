import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { CHECKED_IN } from '../../ops/tuning/checked-in.ts';
import { wrapSeam } from '../../seam.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { CheckpointKeeper } from '../../train/checkpoint/checkpoint-keeper.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import type { LoopState } from '../../train/loop/training-loop.ts';
import {
  courseOf,
  expectSameBits,
  KINDS,
  run,
  stepsOf,
  trainingOf,
} from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A run that is cut short and goes on from its checkpoint has the bits of the run that was not. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const zerosLike = ({ dtype, shape, data }: HostTensor): HostTensor =>
  hostTensor(dtype, shape, data.slice().fill(0));

test('a run below LoRA with dropout goes on bit by bit, wherever it was cut short', async () => {
  await expectSameBits(gpu, KINDS['lora with dropout']);
});

test('a run goes on by the table that it was begun with', async () => {
  const training = trainingOf(KINDS['lora with dropout']);
  const folder = new KeptInMemory();
  const rows = [{ variant: 'tiled', ops: ['no op of this name'] }];
  gpu.tuned = rows;
  await run(gpu, training, folder, { stopAfter: 1 });
  gpu.tuned = [];
  await run(gpu, training, folder, { stopAfter: 2 });
  const keeper = new CheckpointKeeper(folder, { engine: 'this one' });
  const { checkpoint } = (await keeper.newest()) ?? {};
  expect(checkpoint).toMatchObject({ state: { step: 2 } });
  expect(checkpoint?.tuned).toEqual([...rows, ...CHECKED_IN]);
  expect(gpu.tuned).toEqual([]);
});

test('a run says which version wrote the checkpoint that it goes on from, where it is another', async () => {
  const training = trainingOf(KINDS['lora with dropout']);
  const folder = new KeptInMemory();
  await run(gpu, training, folder, { stopAfter: 1, engine: 'an older one' });
  await run(gpu, training, folder, { stopAfter: 2 });
  const { told } = await run(gpu, training, folder, { stopAfter: 3 });
  const from = told.find((one) => one.type === 'resumed-from');
  const restored = from?.history.filter((one) => one.type === 'restored');
  expect(restored).toEqual([
    { type: 'restored', step: 1, at: expect.any(String), writtenBy: 'an older one' },
    { type: 'restored', step: 2, at: expect.any(String) },
  ]);
});

test('a checkpoint that does not fit stands in the history that the next ones keep', async () => {
  const training = trainingOf(KINDS['lora with dropout']);
  const folder = new KeptInMemory();
  folder.room = 0;
  const listen = (told: LlamaProgress) => {
    if (told.type === 'step' && told.step === 3) folder.room = Number.POSITIVE_INFINITY;
  };
  const { told } = await run(gpu, training, folder, { stopAfter: 4, every: 1, listen });
  const failed = told.filter(({ type }) => type === 'checkpoint-failed');
  const at = expect.any(String);
  // It is told once, however often it fails.
  expect(failed).toEqual([
    { type: 'checkpoint-failed', step: 1, at, why: 'ENOSPC: no space left on device, write' },
  ]);
  const resumed = await run(gpu, training, folder, { stopAfter: 5 });
  const from = resumed.told.find((one) => one.type === 'resumed-from');
  expect(from).toMatchObject({ step: 4, history: expect.arrayContaining(failed) });
});

test('a run goes on by its whole table, whatever another build has checked in', async () => {
  const training = trainingOf(KINDS['lora with dropout']);
  const productsOf = async (tuned: Gpu['tuned'], folder: KeptInMemory, stopAfter: number) => {
    gpu.tuned = tuned;
    gpu.recorder.dispatched.clear();
    await run(gpu, training, folder, { stopAfter });
    gpu.tuned = [];
    return [...gpu.recorder.dispatched].filter((name) => /^matmul\/(quad|register)$/.test(name));
  };
  const folder = new KeptInMemory();
  // This build takes quads here; the table of the other one had another row.
  expect(await productsOf([], new KeptInMemory(), 1)).toContain('matmul/quad');
  expect(await productsOf([{ variant: 'register' }], folder, 1)).toEqual(['matmul/register']);
  expect(await productsOf([], folder, 2)).toEqual(['matmul/register']);
});

describe('a run that has made its last step', () => {
  test('goes on from there to what it leaves', async () => {
    const training = trainingOf(KINDS['lora with dropout']);
    const folder = new KeptInMemory();
    const whole = await run(gpu, training, folder);
    const again = await run(gpu, training, folder);
    expect(again.trained).toEqual(whole.trained);
    expect(stepsOf(courseOf(again.told))).toEqual([]);
    expect([...folder.files.keys()]).toEqual(['step-00000007.safetensors']);
  });
});

test(
  'a resume that leaves out the moments has other losses and other weights',
  covers('tb.pipeline.training-with-checkpointing/missing-moments-differ').control(
    'they are there all the same',
    {
      file: 'src/train/loop/training-loop.ts',
      from: 'const whole = restored(state);',
      to: 'const whole = state; restored(state);',
    },
  ),
  async () => {
    const training = trainingOf(KINDS['lora with dropout']);
    const whole = await run(gpu, training, undefined);
    const folder = new KeptInMemory();
    await run(gpu, training, folder, { stopAfter: 3 });
    using _fault = wrapSeam('train.restored_state', () => (state: LoopState) => ({
      ...state,
      tensors: { ...state.tensors, exp_avg: zerosLike(state.tensors['exp_avg'] as HostTensor) },
    }));
    const resumed = await run(gpu, training, folder);
    const losses = stepsOf(courseOf(resumed.told)).map(({ loss }) => loss);
    const uncut = stepsOf(courseOf(whole.told)).map(({ loss }) => loss);
    expect(losses).toHaveLength(uncut.length - 3);
    // The update of step 4 is the first that had them.
    expect(losses[0]).toBe(uncut[3]);
    expect(losses.slice(1)).not.toEqual(uncut.slice(4));
    expect(resumed.trained).not.toEqual(whole.trained);
  },
);

describe('what a resumed run would get wrong shows, where', () => {
  const training = trainingOf(KINDS['lora with dropout']);
  test.each([
    ['data begin anew', 'train.seek', () => () => undefined],
    ['the first masks come again', 'random_state.restored', () => () => 0],
  ])('%s', async (_, seam, wrap) => {
    const whole = await run(gpu, training, undefined);
    const folder = new KeptInMemory();
    await run(gpu, training, folder, { stopAfter: 3 });
    using _fault = wrapSeam(seam, wrap);
    expect((await run(gpu, training, folder)).trained).not.toEqual(whole.trained);
  });
});
