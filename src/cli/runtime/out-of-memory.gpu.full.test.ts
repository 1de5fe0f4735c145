import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { modelOf, run, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Memory that really runs out costs steps and not the run: it goes on with smaller micro-batches. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const happened = (told: readonly LlamaProgress[]) => {
  const last = told.findLast((one) => one.type === 'resumed-from');
  return last?.history.flatMap((one) => ('at' in one ? [{ ...one, at: '' }] : [])) ?? [];
};
const lossesOf = (told: readonly LlamaProgress[]) =>
  told.flatMap((one) => (one.type === 'step' ? [one.loss] : []));

/** The first step of a warm-up learns nothing, and of clipped gradients the size does not count. */
const FULL = {
  ...{ type: 'full', optim: 'sgd', learning_rate: 0.1, warmup_steps: 0, max_grad_norm: 0 },
  ...{ heldout_fraction: 0, max_steps: 2 },
};

const textOf = (length: number, seed: number): LabelledTokens => {
  const ids = Array.from({ length }, (_, i) => (seed * 7 + i * 3) % 40);
  return { ids, asked: ids.map(() => true) };
};

test(
  'a step whose activations the device refuses is made again with smaller micro-batches',
  covers('tb.recovery.oom/real-oom-error').control('what the device refuses is not heard', {
    file: 'src/train/llama/recovery/step-guard.ts',
    from: '.find((each) => each !== null)',
    to: '.find((each) => each === undefined)',
  }),
  async () => {
    // One long text: 31 rows of 128 tokens are 992 MiB within the block, for which the allocator asks for
    // one buffer of 1 GiB, and a software adapter refuses that.
    expect(gpu.limits['maxBufferSize']).toBe(2 ** 30);
    const texts = [textOf(128, 1), ...Array.from({ length: 30 }, (_, i) => textOf(3, i))];
    const wide = { ...modelOf({ hidden: 16, intermediate: 65_536 }), texts };
    const of = (fields: object) => ({
      ...trainingOf({ ...FULL, max_length: 128, max_steps: 1, ...fields }),
      ...wide,
    });
    const before = gpu.memory.ledger.liveBytes;
    const refused = await run(gpu, of({ per_device_train_batch_size: 31 }), undefined);
    expect(happened(refused.told)).toEqual([
      { type: 'halved', step: 1, at: '', to: 0, batchSize: 1, accumulation: 31 },
    ]);
    expect(gpu.memory.ledger.liveBytes).toBe(before);
    const small = { per_device_train_batch_size: 1, gradient_accumulation_steps: 31 };
    const never = await run(gpu, of(small), undefined);
    expect(refused.trained).toEqual(never.trained);
  },
);

const MANY = Array.from({ length: 128 }, (_, i) => textOf(5 + (i % 5), i));
const of = (batch: number, accumulation = 1) => ({
  ...trainingOf({
    ...FULL,
    per_device_train_batch_size: batch,
    gradient_accumulation_steps: accumulation,
  }),
  texts: MANY,
});

/** Runs within a budget of device memory. */
async function within<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  gpu.memory.budgetBytes = gpu.memory.ledger.liveBytes + bytes;
  try {
    return await work();
  } finally {
    gpu.memory.budgetBytes = Number.POSITIVE_INFINITY;
  }
}

/** The most that steps of such batches take. Bytes. */
async function peakOf(batch: number, accumulation: number): Promise<number> {
  const { told } = await run(gpu, of(batch, accumulation), undefined, { stopAfter: 1 });
  return Math.max(...told.flatMap((one) => (one.type === 'step' ? [one.peakBytes] : [])));
}

/** A run of batches of 128 texts within a tenth more than batches of 16 take, which checkpoints are made of. */
const survived = async () =>
  await within(1.1 * (await peakOf(16, 8)), () => run(gpu, of(128), new KeptInMemory()));

test(
  'micro-batches are halved until they fit, and as many texts make a step',
  covers('tb.recovery.oom/batch-halved').control('a step has half as many texts each time', {
    file: 'src/train/llama/recovery/recovery.ts',
    from: 'accumulation: accumulation * factor',
    to: 'accumulation',
  }),
  async () => {
    const { told } = await survived();
    const halved = { type: 'halved', step: 1, at: '', to: 0 };
    expect(happened(told)).toEqual([
      { ...halved, batchSize: 64, accumulation: 2 },
      { ...halved, batchSize: 32, accumulation: 4 },
      { ...halved, batchSize: 16, accumulation: 8 },
    ]);
    const epochs = told.flatMap((one) => (one.type === 'step' ? [one.epoch] : []));
    expect(epochs).toEqual([1, 2]);
  },
);

test(
  'a run whose memory ran out ends with the loss of one whose memory did not, within 1e-4',
  covers('tb.recovery.oom/loss-within-1e-4').control('each part counts for half', {
    file: 'src/train/loop/step-inputs.ts',
    from: '=> asked / all)',
    to: '=> asked / all / 2)',
  }),
  async () => {
    const after = lossesOf((await survived()).told);
    const never = lossesOf((await run(gpu, of(128), undefined)).told);
    expect(after).toHaveLength(2);
    expect(never[1]).toBeLessThan((never[0] as number) - 0.01);
    for (const [i, loss] of after.entries())
      expect(Math.abs(loss - (never[i] as number))).toBeLessThanOrEqual(1e-4);
  },
);

test('one text that does not fit ends the run, with step and epoch, and all is freed', async () => {
  const { liveBytes } = gpu.memory.ledger;
  await within((await peakOf(1, 1)) - 1000, () =>
    expect(run(gpu, of(2), undefined)).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(/^step \d+ \(epoch 0\.\d\d\): \d+ bytes were requested/),
    }),
  );
  expect(gpu.memory.ledger.liveBytes).toBe(liveBytes);
});
