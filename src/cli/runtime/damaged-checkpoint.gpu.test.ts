import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { checkpointName } from '../../train/checkpoint/run-checkpoint.ts';
import { courseOf, KINDS, run, stepsOf, thrownBy, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A checkpoint that is no longer what was written costs a run an interval, and is never uploaded. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const TRAINING = trainingOf(KINDS['lora with dropout']);

/** The checkpoints of a run that stopped after step 6, after which so many of the last are damaged. */
async function damaged(count: number): Promise<KeptInMemory> {
  const folder = new KeptInMemory();
  await run(gpu, TRAINING, folder, { stopAfter: 6, every: 3 });
  for (const name of [...folder.files.keys()].sort().slice(-count)) {
    const file = (folder.files.get(name) as Uint8Array).slice();
    file[file.length - 1] = (file.at(-1) as number) ^ 1;
    folder.files.set(name, file);
  }
  return folder;
}

test(
  'damage is found before anything is on the device',
  covers('tb.recovery.checkpoint-corruption/before-upload').control('tensors are not looked at', {
    file: 'src/train/checkpoint/read-run-checkpoint.ts',
    from: '  await requireTensors(contents, tensors);',
    to: '',
  }),
  async () => {
    const folder = await damaged(2);
    const { liveBytes } = gpu.memory.ledger;
    gpu.memory.resetPeak();
    const thrown = await thrownBy(run(gpu, TRAINING, folder));
    expect(thrown).toMatchObject({ code: 'checkpoint-hash' });
    expect(gpu.memory.ledger.peakBytes).toBe(liveBytes);
  },
);

test(
  'the newest that is whole is taken, with its step and epoch, and the damage told',
  covers('tb.recovery.checkpoint-corruption/newest-intact-fallback').control('the oldest is', {
    file: 'src/train/checkpoint/checkpoint-keeper.ts',
    from: 'steps.toReversed()',
    to: 'steps',
  }),
  async () => {
    const folder = await damaged(1);
    await run(gpu, TRAINING, folder, { stopAfter: 3 });
    const older = new KeptInMemory();
    await run(gpu, TRAINING, older, { stopAfter: 1 });
    folder.files.set(checkpointName(1), older.files.get(checkpointName(1)) as Uint8Array);
    const { told } = await run(gpu, TRAINING, folder);
    const from = told.find((one) => one.type === 'resumed-from');
    expect(from).toMatchObject({
      step: 3,
      broken: [expect.stringMatching(/^step-00000006\.safetensors: /)],
    });
    const last = from?.history.findLast((one) => one.type === 'step');
    // Ten texts in batches of two make an epoch.
    expect(last).toMatchObject({ step: 3, epoch: 3 / 5 });
  },
);

test(
  'losses are those of a run that goes on from there with nothing damaged',
  covers('tb.recovery.checkpoint-corruption/resumed-losses-equal').control('the data begin anew', {
    file: 'src/train/loop/training-loop.ts',
    from: 'seek(source, this.#steps);',
    to: 'seek(source, 0);',
  }),
  async () => {
    const whole = stepsOf(courseOf((await run(gpu, TRAINING, undefined)).told));
    const after = stepsOf(courseOf((await run(gpu, TRAINING, await damaged(1))).told));
    expect(after).toEqual(whole.slice(3));
  },
);

test('one of another run in its place is refused, before anything is on the device', async () => {
  const folder = new KeptInMemory();
  await run(gpu, TRAINING, folder, { stopAfter: 2 });
  const other = new KeptInMemory();
  await run(gpu, trainingOf(KINDS['qlora in NF4']), other, { stopAfter: 2 });
  folder.files.set(checkpointName(2), other.files.get(checkpointName(2)) as Uint8Array);
  const { liveBytes } = gpu.memory.ledger;
  gpu.memory.resetPeak();
  const thrown = await thrownBy(run(gpu, TRAINING, folder));
  expect(thrown).toMatchObject({ code: 'checkpoint-foreign' });
  expect(gpu.memory.ledger.peakBytes).toBe(liveBytes);
});
