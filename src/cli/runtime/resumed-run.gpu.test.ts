import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { wrapSeam } from '../../seam.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { CheckpointKeeper } from '../../train/checkpoint/checkpoint-keeper.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
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
  expect((await keeper.newest())?.checkpoint).toMatchObject({ state: { step: 2 }, tuned: rows });
  expect(gpu.tuned).toEqual([]);
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

describe('what a resumed run would get wrong shows, where', () => {
  const training = trainingOf(KINDS['lora with dropout']);
  test.each([
    ['data begin anew', 'train.seek', () => () => undefined],
    ['the first masks come again', 'random_state.restored', () => () => 0],
    [
      'moments are left out',
      'train.restored_state',
      () => (state: LoopState) => ({
        ...state,
        tensors: {
          ...state.tensors,
          exp_avg: zerosLike(state.tensors['exp_avg'] as HostTensor),
        },
      }),
    ],
  ])('%s', async (_, seam, wrap) => {
    const whole = await run(gpu, training, undefined);
    const folder = new KeptInMemory();
    await run(gpu, training, folder, { stopAfter: 3 });
    using _fault = wrapSeam(seam, wrap);
    expect((await run(gpu, training, folder)).trained).not.toEqual(whole.trained);
  });
});
