import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PartFile } from '../../formats/part-file.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { RankJob } from '../../harness/worker/messages.ts';
import { OtherRanks } from '../../harness/worker/rank-job.ts';
import { wrapSeam } from '../../seam.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import type { RunStart } from '../../train/llama/llama-training.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import type { ProcessGroup } from '../../train/sharded/process-group.ts';
import type { ShardingStrategy } from '../../train/sharded/strategies.ts';
import { buildFixture } from './fixtures/build.ts';
import type { RunRankJob } from './fixtures/run-rank-thread.ts';
import {
  courseOf,
  FOLDER,
  KINDS,
  newestIn,
  type RunWatchers,
  run,
  stepsOf,
  trainingOf,
} from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Fine-tunings that this thread and others share: their checkpoints, faults, masks and scales. */

let gpu: Gpu;
let script: string;
const place = mkdtempSync(join(tmpdir(), 'gradproof-shared-'));
beforeAll(async () => {
  for (const [name, file] of FOLDER as ReadonlyMap<string, PartFile>)
    writeFileSync(join(place, name), await file.read(0, file.bytes));
  script = await buildFixture('node', 'run-rank-thread', 'run-rank-thread');
  gpu = await softwareGpu();
}, 240_000);
afterAll(() => {
  gpu?.[Symbol.dispose]();
  rmSync(place, { recursive: true });
});

interface SharedRun extends RunWatchers {
  readonly strategy: ShardingStrategy;
  readonly folder?: KeptInMemory;
  /** The first thread that is started ends in its n-th step. */
  readonly endsIn?: number;
  /** What the device of each thread that is started may hold at once. */
  readonly budgetBytes?: number;
  /** A gradient of this thread that is not finite, among all that it gives in a step. */
  readonly spoils?: { readonly step: number; readonly at: number };
}

/** Runs with one thread beside, from the newest checkpoint in the folder if there is one. */
async function shared(
  fields: object,
  { strategy, folder, endsIn, budgetBytes, spoils, ...watchers }: SharedRun,
): ReturnType<typeof run> {
  const training = trainingOf({ gradient_accumulation_steps: 2, ...fields });
  let started = 0;
  const startRank = (job: RankJob) => {
    started += 1;
    const stuckIn = started === 1 ? endsIn : undefined;
    const workerData: RunRankJob = { job, stuckIn, budgetBytes };
    const worker = new Worker(script, { workerData, transferList: [...job.place.ports] as never });
    // A thread is not ended while its device works: that ends its whole process.
    worker.on('message', () => void worker.terminate());
  };
  const { texts, config } = training;
  const message = { type: 'tune', folder: { kind: 'path', path: place }, texts, config } as const;
  const choice = { workers: 2, strategy };
  using ranks = new OtherRanks(
    { ...message, name: '', base: '', steps: 0 },
    choice,
    gpu,
    startRank,
  );
  const startRanks = (at: RunStart) => {
    const sharding = ranks.start(at);
    if (spoils) spoilGradient(sharding.group, spoils);
    return sharding;
  };
  let left: Awaited<ReturnType<typeof run>> | undefined;
  await ranks.leaving(async () => {
    left = await run(gpu, { ...training, startRanks }, folder, watchers);
  });
  return left as NonNullable<typeof left>;
}

/** Makes one number NaN of what a rank gives in a step. */
function spoilGradient(group: ProcessGroup, { step, at }: NonNullable<SharedRun['spoils']>): void {
  let made = 0;
  const spoilt = (values: Float32Array) => {
    made += 1;
    if (made === step) values[at] = Number.NaN;
    return values;
  };
  const { allReduce, reduceScatter } = group;
  group.allReduce = (values) => allReduce.call(group, spoilt(values));
  group.reduceScatter = (values, unit) => reduceScatter.call(group, spoilt(values), unit);
}

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

describe('a worker that is lost', () => {
  test('is named, and all go on from the last checkpoint with the same bits', async () => {
    const strategy = 'full_shard';
    const whole = await shared(CLIPPED, { strategy });
    const folder = new KeptInMemory();
    const { trained, told } = await shared(CLIPPED, { strategy, folder, every: 2, endsIn: 6 });
    expect(happened(told)).toEqual([
      {
        ...{ type: 'rank-lost', step: 6, to: 4, at: '', rank: 1 },
        why: expect.stringContaining('its worker ended'),
      },
    ]);
    expect(trained).toEqual(whole.trained);
  });

  test('ends a run without checkpoints', async () => {
    await expect(shared(CLIPPED, { strategy: 'ddp', endsIn: 2 })).rejects.toMatchObject({
      code: 'rank-lost',
      rank: 1,
    });
  });
});

test('a batch that does not fit at another worker is halved for all', async () => {
  const strategy = 'ddp';
  const fields = { type: 'full', optim: 'sgd', max_steps: 1 };
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

test('ranks draw masks of their own', async () => {
  const fields = { ...KINDS['lora with dropout'], max_steps: 1 };
  const { told } = await shared(fields, { strategy: 'ddp' });
  using _fault = wrapSeam('train.seed_of_rank', () => (seed: number) => seed + 2 ** 32);
  const other = await shared(fields, { strategy: 'ddp' });
  expect(stepsOf(courseOf(told))).not.toEqual(stepsOf(courseOf(other.told)));
});
