import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { wrapSeam } from '../../seam.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { Gate } from '../../train/gate.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { type SharedRun, SharedRuns } from './fixtures/shared-runs.ts';
import { courseOf, KINDS, newestIn, run, stepsOf, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Fine-tunings that this thread and others share: their checkpoints, faults, masks and scales. */

let gpu: Gpu;
let runs: SharedRuns;
beforeAll(async () => {
  runs = await SharedRuns.build();
  gpu = await softwareGpu();
}, 240_000);
afterAll(() => {
  gpu?.[Symbol.dispose]();
  runs?.[Symbol.dispose]();
});

const shared = (fields: object, how: SharedRun) => runs.run(gpu, fields, how);

const happened = (told: readonly LlamaProgress[]) =>
  told.flatMap((one) => {
    const all = one.type === 'resumed-from' ? one.history : [one];
    return all.flatMap((each) => ('at' in each ? [{ ...each, at: '' }] : []));
  });

const CLIPPED = { ...KINDS['lora with dropout'], max_grad_norm: 0.3 };

describe('a shared run that is cut short', () => {
  test.each([
    ['full_shard', CLIPPED],
    ['ddp', KINDS['loss scaling in fp16']],
  ] as const)('goes on with the same bits (%s)', async (strategy, fields) => {
    const whole = await shared(fields, { strategy });
    const folder = new KeptInMemory();
    await shared(fields, { strategy, folder, stopAfter: 3 });
    const resumed = await shared(fields, { strategy, folder });
    expect(resumed.trained).toEqual(whole.trained);
    const later = stepsOf(courseOf(whole.told)).slice(3);
    expect(later).toHaveLength(4);
    expect(stepsOf(courseOf(resumed.told))).toEqual(later);
    // What the first rank wrote is whole: one device can go on from it.
    const { state, parameters } = await newestIn(folder);
    const floats = state.tensors['param']?.data.length as number;
    expect(state.tensors['exp_avg']?.data).toHaveLength(floats);
    const last = Object.values(parameters).at(-1);
    expect(last?.offset).toBeLessThan(floats);
  });
});

test.each(['ddp', 'full_shard'] as const)(
  'a shared run that is paused makes a checkpoint before it waits, from which it goes on (%s)',
  async (strategy) => {
    const folder = new KeptInMemory();
    const gate = new Gate();
    const listen = ({ type, ...one }: LlamaProgress) => {
      if (type === 'step' && 'step' in one && one.step === 3) gate.closed = true;
      if (type === 'paused') setTimeout(() => (gate.closed = false), 100);
    };
    const { told } = await shared(CLIPPED, { strategy, folder, gate, listen, stopAfter: 3 });
    const kept = told.flatMap((one) =>
      one.type === 'checkpoint' || one.type === 'paused' ? [[one.type, one.step]] : [],
    );
    expect(kept).toEqual([
      ['checkpoint', 3],
      ['paused', 3],
    ]);
    expect((await newestIn(folder)).state.step).toBe(3);
    const resumed = await shared(CLIPPED, { strategy, folder });
    expect(resumed.told.find(({ type }) => type === 'resumed-from')).toMatchObject({ step: 3 });
    expect(resumed.trained).toEqual((await shared(CLIPPED, { strategy })).trained);
  },
  240_000,
);

test('a shared run that is paused for longer than ranks wait loses no one', async () => {
  const silenceMs = 10_000;
  const gate = new Gate();
  const listen = ({ type, ...one }: LlamaProgress) => {
    if (type === 'step' && 'step' in one && one.step === 2) gate.closed = true;
    if (type === 'paused') setTimeout(() => (gate.closed = false), 1.5 * silenceMs);
  };
  const fields = { ...CLIPPED, max_steps: 4 };
  const how = { strategy: 'ddp', folder: new KeptInMemory(), gate, listen, silenceMs } as const;
  const { told, trained } = await shared(fields, how);
  expect(happened(told)).toEqual([]);
  expect(trained).toEqual((await shared(fields, { strategy: 'ddp' })).trained);
}, 120_000);

/** The run that loses no one. */
let unharmed: ReturnType<typeof shared> | undefined;
const whole = () => {
  unharmed ??= shared(CLIPPED, { strategy: 'full_shard' });
  return unharmed;
};

describe('a worker', () => {
  test.each([
    ['dies', { stuckIn: 6 }, 'its worker ended', 6],
    ['loses its device', { deviceLostIn: 6 }, 'the GPU device was lost', 6],
    [
      'dies when half of a checkpoint is gathered',
      { stuckKeeping: { checkpoint: 3, given: 1 } },
      'its worker ended',
      7,
    ],
  ] as const)(
    'that %s is named, and all go on from the last checkpoint with the same bits',
    async (_, fault, why, step) => {
      const folder = new KeptInMemory();
      const how = { strategy: 'full_shard', folder, every: 2, faults: [fault] } as const;
      const { trained, told } = await shared(CLIPPED, how);
      expect(happened(told)).toEqual([
        {
          ...{ type: 'rank-lost', step, to: 4, at: '', rank: 1 },
          why: expect.stringContaining(why),
        },
      ]);
      expect(told.find(({ type }) => type === 'resumed-from')).toMatchObject({ broken: [] });
      expect(trained).toEqual((await whole()).trained);
    },
  );

  test('is replaced max_rollbacks times after a checkpoint; then the run ends in a line, and it stays', async () => {
    const folder = new KeptInMemory();
    const fields = { ...CLIPPED, recovery: { max_rollbacks: 1 } };
    const how = { strategy: 'full_shard', folder, every: 2 } as const;
    // One in step 3, and two in step 5, when there is a checkpoint that tells of the first.
    const faults = [{ stuckIn: 3 }, { stuckIn: 3 }, { stuckIn: 1 }];
    const lost: LlamaProgress[] = [];
    await expect(shared(fields, { ...how, faults, told: lost })).rejects.toMatchObject({
      code: 'rank-lost',
      rank: 1,
      message: expect.stringMatching(/^rank 1 was lost: its worker ended: [^\n]+$/),
    });
    expect(happened(lost.slice(-1))).toMatchObject([
      { type: 'rank-lost', to: 2 },
      { type: 'rank-lost', to: 4 },
    ]);
    expect((await newestIn(folder)).state.step).toBe(4);
    // Who resumes it may lose as many again.
    const { trained, told } = await shared(fields, { ...how, faults: [{ stuckIn: 1 }] });
    const history = told.findLast(({ type }) => type === 'resumed-from') as LlamaProgress;
    expect(happened([history])).toMatchObject([
      { type: 'rank-lost', to: 2 },
      { type: 'restored', step: 4 },
      { type: 'rank-lost', to: 4 },
    ]);
    expect(trained).toEqual((await whole()).trained);
  }, 240_000);

  test('that decides and loses its device ends the run, which goes on from the last checkpoint', async () => {
    const folder = new KeptInMemory();
    using first = await softwareGpu();
    const how = { strategy: 'full_shard', folder, every: 2 } as const;
    const listen = (one: LlamaProgress) => {
      if (one.type === 'step' && one.step === 5) first.device.destroy();
    };
    await expect(runs.run(first, CLIPPED, { ...how, listen })).rejects.toMatchObject({
      code: 'device-destroyed',
    });
    const { trained } = await shared(CLIPPED, how);
    expect(trained).toEqual((await whole()).trained);
  }, 120_000);

  test('that is lost ends a run without checkpoints', async () => {
    const how = { strategy: 'ddp', faults: [{ stuckIn: 2 }] } as const;
    await expect(shared(CLIPPED, how)).rejects.toMatchObject({ code: 'rank-lost', rank: 1 });
  });
});

test('a batch that does not fit at another worker is halved for all', async () => {
  const strategy = 'ddp';
  const fields = { type: 'full', optim: 'sgd', max_steps: 1, warmup_steps: 0 };
  const small = { per_device_train_batch_size: 1, gradient_accumulation_steps: 4 };
  const peakOf = ({ told }: Awaited<ReturnType<typeof run>>) =>
    Math.max(
      ...told.flatMap((one) => (one.type === 'step' ? (one.peakBytesOfWorkers?.[1] ?? 0) : [])),
    );
  const fits = await shared({ ...fields, ...small }, { strategy });
  const largest = peakOf(await shared(fields, { strategy }));
  expect(largest).toBeGreaterThan(peakOf(fits));
  const budgetBytes = (largest + peakOf(fits)) / 2;
  const { trained, told } = await shared(fields, { strategy, budgetBytes });
  expect(happened(told)).toEqual([
    { type: 'halved', step: 1, to: 0, at: '', batchSize: 1, accumulation: 4 },
  ]);
  expect(trained).toEqual(fits.trained);
});

test.each(['ddp', 'shard_grad_op', 'full_shard'] as const)(
  'gradients that are not finite at one rank are left out by all (%s)',
  async (strategy) => {
    const before = new KeptInMemory();
    await shared(CLIPPED, { strategy, folder: before, stopAfter: 1 });
    const { state: one, parameters } = await newestIn(before);
    // Of the last parameter another rank has the sum, where they are in parts.
    const [tensor, { offset }] = Object.entries(parameters).at(-1) as [string, { offset: number }];
    const folder = new KeptInMemory();
    const spoils = { step: 2, at: offset };
    const { told } = await shared(CLIPPED, { strategy, folder, stopAfter: 2, spoils });
    expect(happened(told)).toEqual([
      { type: 'skipped', step: 2, at: '', tensor, index: [0, 0], count: 1 },
    ]);
    const { state: two } = await newestIn(folder);
    expect(two).toMatchObject({ step: 2, skipped: 1 });
    expect(two.tensors).toEqual(one.tensors);
  },
);

test('ranks scale a loss as one device does, to the same bits', async () => {
  const fields = { ...KINDS['loss scaling in fp16'], max_steps: 3 };
  const alone = await run(
    gpu,
    trainingOf({ ...fields, gradient_accumulation_steps: 2 }),
    undefined,
  );
  const { told, trained } = await shared(fields, { strategy: 'ddp' });
  expect(stepsOf(courseOf(told)).map(({ loss }) => loss)).toEqual(
    stepsOf(courseOf(alone.told)).map(({ loss }) => loss),
  );
  expect(trained).toEqual(alone.trained);
});

test.each(['ddp', 'shard_grad_op', 'full_shard'] as const)(
  'weight decay leaves out norms in every part (%s)',
  async (strategy) => {
    const after = async (weight_decay: number) => {
      const fields = { type: 'full', max_steps: 1, warmup_steps: 0, weight_decay };
      return (await shared(fields, { strategy })).trained;
    };
    const decayed = await after(0.5);
    const others = await after(0);
    const names = Object.keys(others);
    const same = names.filter((name) => isDeepStrictEqual(decayed[name], others[name]));
    expect(same).toEqual(names.filter((name) => name.includes('norm')));
    expect(same).toHaveLength(3);
  },
  240_000,
);

test('ranks draw masks of their own', async () => {
  const fields = { ...KINDS['lora with dropout'], max_steps: 1 };
  const { told } = await shared(fields, { strategy: 'ddp' });
  using _fault = wrapSeam('train.seed_of_rank', () => (seed: number) => seed + 2 ** 32);
  const other = await shared(fields, { strategy: 'ddp' });
  expect(stepsOf(courseOf(told))).not.toEqual(stepsOf(courseOf(other.told)));
});
