import { describe, expect, test, vi } from 'vitest';
import { contextsAt, randomBatch, spreadPositions } from '../data/contexts.ts';
import { splitText } from '../data/text.ts';
import { unigramEntropy } from '../data/unigram.ts';
import type { HostDispatch } from '../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { ByteModel } from '../models/byte-model/byte-model.ts';
import { Random } from '../tensor/random.ts';
import { DEFAULT_TRAINING, type TrainingConfig } from './config.ts';
import { Trainer, type TrainerOptions } from './trainer.ts';

const CONFIG: TrainingConfig = {
  ...DEFAULT_TRAINING,
  model: {
    ...DEFAULT_TRAINING.model,
    ...{ embedding: 4, context: 4, hidden: [8], blocksize: 64, r: 2 },
  },
  ...{ steps: 7, batchSize: 3, heldoutFraction: 0.25, heldoutBytes: 600, seed: 9 },
  // Losses are kept of every step, of more than are asked of an answer.
  answerSteps: 1,
};
const { model, seed } = CONFIG;
/** Held out are capitals. */
const TEXT = splitText(
  new TextEncoder().encode('to be or not to be '.repeat(180) + 'TO BE OR NOT TO BE '.repeat(60)),
  0.25,
);
const POSITIONS = spreadPositions(TEXT.heldout, 4, 600);

/** A trainer on a device on which the n-th loss is n; with the ids of each forward pass. */
async function setUp(config: Partial<TrainingConfig> = {}, options: TrainerOptions = {}) {
  let losses = 0;
  const kernels: string[] = [];
  const ids: (readonly number[])[] = [];
  const labels: (readonly number[])[] = [];
  const ints = ({ bytes, offset, size }: HostDispatch['bindings'][number]) => [
    ...new Int32Array(bytes.buffer, offset, size / 4),
  ];
  const run = ({ label, bindings }: HostDispatch) => {
    kernels.push(label);
    const [, second, third] = bindings;
    if (!second) return;
    if (label === 'nn/embedding') ids.push(ints(second));
    if (label === 'nn/cross_entropy_rows') labels.push(ints(second));
    if (label === 'nn/cross_entropy_reduce' && third)
      new Float32Array(third.bytes.buffer, third.offset, 1)[0] = ++losses;
  };
  const { gpu } = await hostGpu({ run });
  const trainer = new Trainer(gpu, TEXT, { ...CONFIG, ...config }, options);
  return { gpu, trainer, kernels, ids, labels, live: () => gpu.memory.ledger.liveBytes };
}

describe('a trainer', () => {
  test('draws base, adapters and batches from streams of its seed', async () => {
    const { gpu, trainer, ids, labels } = await setUp();
    using same = new ByteModel(gpu, model, new Random(seed, 0), new Random(seed, 1));
    expect(await trainer.model.parameters.read()).toEqual(await same.parameters.read());
    const shown = async (of: (judge: Parameters<Trainer['judgedBase']>[0]) => Promise<void>) => {
      const weights: unknown[] = [];
      await of(async (applications) => {
        for (const { inputs } of applications) weights.push((await inputs['weight']?.read())?.data);
      });
      return weights;
    };
    expect(await shown((judge) => trainer.judgedBase(judge))).toEqual(
      await shown((judge) => same.showBase(new Random(seed, 0), judge)),
    );
    await trainer.step();
    const batch = randomBatch(TEXT.train, 3, 4, new Random(seed, 2));
    await trainer.losses(0);
    expect(ids.map((each) => each.slice(0, 12))).toEqual([[...batch.ids.data]]);
    expect(labels.map((each) => each.slice(0, 3))).toEqual([[...batch.labels.data]]);
  });

  test('keeps the loss of each step, judged and captured ones too', async () => {
    const { trainer, live } = await setUp();
    await trainer.step();
    await trainer.judgedStep(async () => {});
    const forward = vi.spyOn(trainer.model, 'forward');
    await trainer.capture();
    const recorded = forward.mock.calls.length;
    await trainer.step();
    expect(recorded).toBeGreaterThan(0);
    expect(forward).toHaveBeenCalledTimes(recorded);
    expect(await trainer.losses(0)).toEqual([1, 2, 3]);
    expect(await trainer.losses(1)).toEqual([2, 3]);
    expect((await trainer.checkpoint()).step).toBe(3);
    trainer[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('goes on from a state', async () => {
    const { trainer } = await setUp();
    await trainer.step();
    const state = await trainer.checkpoint();
    await trainer.step();
    trainer.restore(state);
    await trainer.step();
    expect(await trainer.losses(0)).toEqual([1, 3]);
    expect((await trainer.checkpoint()).step).toBe(2);
  });

  test('asks about held-out bytes in batches, and weighs them by their sizes', async () => {
    const { trainer, ids, labels, live } = await setUp();
    const held = live();
    const asked = contextsAt(TEXT.heldout, POSITIONS, 4);
    expect(trainer.heldoutCount).toBe(600);
    expect(trainer.unigram).toBe(unigramEntropy(TEXT.train, asked.labels.data));
    const forward = vi.spyOn(trainer.model, 'forward');
    expect(await trainer.heldoutLoss()).toBeCloseTo((512 * 1 + 88 * 2) / 600, 6);
    expect(forward.mock.calls.map(([, inputs]) => inputs.ids.shape)).toEqual([
      [512, 4],
      [88, 4],
    ]);
    expect(ids.map(({ length }) => length)).toEqual([2048, 352]);
    expect(ids.flat()).toEqual([...asked.ids.data]);
    expect(labels.flat()).toEqual([...asked.labels.data]);
    expect(live()).toBe(held);
  });

  test('that fails to begin keeps nothing', async () => {
    const { gpu } = await hostGpu();
    const text = {
      ...TEXT,
      get heldout(): never {
        throw new Error('no text');
      },
    };
    expect(() => new Trainer(gpu, text, CONFIG)).toThrow('no text');
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test('says what may follow a context', async () => {
    const { trainer, ids, live } = await setUp();
    const held = live();
    const { shape } = await trainer.logits(Uint8Array.of(5, 6, 7, 8));
    expect([shape, ids]).toEqual([[1, 256], [[5, 6, 7, 8]]]);
    expect(live()).toBe(held);
  });

  const updates = (kernels: readonly string[]) =>
    kernels.filter((label) => label.startsWith('optim/'));
  const clipped = ['optim/grad_norm_shares', 'optim/grad_norm', 'optim/clip_grad_norm'];
  test.each<[string, Partial<TrainingConfig>, TrainerOptions, readonly string[]]>([
    ['clips and steps', {}, {}, [...clipped, 'optim/adamw_step']],
    ['need not clip', { max_grad_norm: 0 }, {}, ['optim/adamw_step']],
    [
      'steps as its configuration says',
      { optimizer: { optimizer: 'sgd', lr: 1 } },
      {},
      [...clipped, 'optim/sgd_step'],
    ],
    [
      'scales its loss',
      { max_grad_norm: 0, grad_scaler: {} },
      {},
      [
        ...['optim/amp_unscale', 'optim/amp_found_inf', 'optim/amp_adamw_step'],
        'optim/amp_update_scale',
      ],
    ],
    ['that is frozen updates nothing', {}, { frozen: true }, []],
  ])('%s', async (_, config, options, expected) => {
    const { trainer, kernels } = await setUp(config, options);
    await trainer.step();
    expect(updates(kernels)).toEqual(expected);
  });

  test('casts its products in training, held-out losses and logits', async () => {
    const { trainer, kernels } = await setUp({ autocast: 'bfloat16' });
    const casts = async (work: () => Promise<unknown>) => {
      const before = kernels.length;
      await work();
      return kernels.slice(before).includes('math/cast');
    };
    expect([
      await casts(() => trainer.step()),
      await casts(() => trainer.heldoutLoss()),
      await casts(() => trainer.logits(Uint8Array.of(1, 2, 3, 4))),
    ]).toEqual([true, true, true]);
  });
});
