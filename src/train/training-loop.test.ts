import { describe, expect, test, vi } from 'vitest';
import type { Examples } from '../data/examples.ts';
import type { HostDispatch } from '../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Application } from '../graph/call.ts';
import { ConvNet } from '../models/conv-net/conv-net.ts';
import { Mlp } from '../models/mlp/mlp.ts';
import type { Model } from '../models/model.ts';
import { SequenceClassifier } from '../models/sequence-classifier/sequence-classifier.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Fingerprints } from './fingerprints.ts';
import type { BatchSource } from './loop/batch-source.ts';
import { type LoopOptions, TrainingLoop } from './loop/training-loop.ts';
import { Optimizer, type OptimizerOptions } from './optimizer.ts';

const filled = (shape: readonly number[], value = 0) =>
  hostTensorFrom('f32', shape, new Array<number>(sizeOf(shape)).fill(value));
/** Rows of three numbers; a label below 0 asks nothing. */
const batch = (...labels: readonly number[]): Examples => ({
  inputs: { x: filled([labels.length, 3], labels[0]) },
  labels: hostTensorFrom('i32', [labels.length], labels),
});

/** Steps in a row, and what was asked of them. */
class Steps implements BatchSource {
  readonly asked: string[] = [];
  readonly #steps: readonly (readonly Examples[])[];
  #at = 0;

  constructor(steps: readonly (readonly Examples[])[]) {
    this.#steps = steps;
  }

  next() {
    this.asked.push('next');
    return this.#steps[this.#at++];
  }

  seek(step: number) {
    this.asked.push(`seek ${step}`);
    this.#at = step;
  }
}

const mlp = (gpu: Gpu) => new Mlp(gpu, { inFeatures: 3, hidden: 4, classes: 5 }, new Random(1));

interface SetUp extends Partial<Omit<LoopOptions, 'model' | 'source' | 'optimizer'>> {
  readonly optimizer?: OptimizerOptions | false;
  readonly model?: (gpu: Gpu) => Model;
  /** The mean loss of the n-th part. Default n. */
  readonly lossOf?: (n: number) => number;
}

/** A loop on a device on which mean losses are as told. */
async function setUp(
  steps: readonly (readonly Examples[])[],
  { optimizer: options = {}, model: make = mlp, lossOf = (n) => n, ...more }: SetUp = {},
) {
  let losses = 0;
  const kernels: string[] = [];
  const run = ({ label, bindings }: HostDispatch) => {
    kernels.push(label);
    const { bytes, offset = 0 } = bindings[2] ?? {};
    if (label === 'nn/cross_entropy_reduce' && bytes)
      new Float32Array(bytes.buffer, offset, 1)[0] = lossOf(++losses);
  };
  const { gpu, host } = await hostGpu({ run });
  const model = make(gpu);
  const params = { optimizer: 'sgd', lr: 0.5 } as const;
  const optimizer =
    options === false ? undefined : new Optimizer(gpu, model.parameters, params, options);
  const source = new Steps(steps);
  const held = gpu.memory.ledger.liveBytes;
  const loop = new TrainingLoop(gpu, { model, source, optimizer, ...more });
  const live = () => gpu.memory.ledger.liveBytes - held;
  return { gpu, host, model, optimizer, source, loop, kernels, live };
}

describe('a training loop', () => {
  test('makes a step of each that the source gives, in one submit, and ends with it', async () => {
    const ended: (readonly number[])[] = [];
    const steps = [[batch(1, 2)], [batch(3, 4)]];
    const { loop, host, optimizer, kernels, live } = await setUp(steps, {
      observers: { endStep: ({ shape }) => ended.push(shape) },
    });
    await expect(loop.readLoss()).rejects.toThrow(
      'the loss of a loop is read before it made a step',
    );
    host.asked.length = 0;
    expect(await loop.step()).toBe(steps[0]);
    expect(host.asked.filter((what) => what === 'submit')).toHaveLength(1);
    expect([await loop.readLoss(), optimizer?.step]).toEqual([1, 1]);
    expect(kernels.filter((label) => label === 'optim/sgd_step')).toHaveLength(1);
    expect(await loop.step()).toBe(steps[1]);
    expect(await loop.readLoss()).toBe(2);
    expect(await loop.step()).toBeUndefined();
    expect([optimizer?.step, ended]).toEqual([2, [[1], [1]]]);
    loop[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('weighs micro-batches by the labels that they ask', async () => {
    const steps = [
      [batch(1, 2, 0, -100), batch(3), batch(4)],
      [batch(1, 2, 3, 4), batch(-100), batch(4)],
    ];
    // The mean over no labels is no number.
    const lossOf = (n: number) => (n === 5 ? Number.NaN : n);
    const { loop, kernels, live } = await setUp(steps, { lossOf });
    await loop.step();
    // Of 3, 1 and 1 labels: losses 1, 2 and 3.
    expect(await loop.readLoss()).toBeCloseTo((3 * 1 + 2 + 3) / 5, 6);
    expect(kernels.filter((label) => label === 'nn/accumulate_grad')).toHaveLength(2 * 6);
    expect(kernels.filter((label) => label === 'optim/sgd_step')).toHaveLength(1);
    await loop.step();
    // The same shapes with 4, 0 and 1 labels: losses 4, none and 6.
    expect(await loop.readLoss()).toBeCloseTo((4 * 4 + 6) / 5, 6);
    loop[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('without an optimizer does all but the update, and counts by itself', async () => {
    const { loop, kernels } = await setUp([[batch(1)], [batch(2)]], { optimizer: false });
    await loop.step();
    await loop.step();
    expect(kernels.some((label) => label.startsWith('optim/'))).toBe(false);
    expect(await loop.checkpoint()).toEqual({ step: 2, tensors: {}, random: 0, statistics: {} });
  });

  test('shows an observer all that is computed', async () => {
    const seen: string[] = [];
    const { loop } = await setUp([[batch(1)], [batch(2)]], {
      observers: {
        watch: ({ layer, grads }) => seen.push(`${layer}${grads ? ' backward' : ''}`),
      },
    });
    await loop.step();
    const layers = ['fc1', 'relu', 'fc2', 'gelu', 'fc3', 'loss'];
    const all = [...layers, ...layers.toReversed().map((layer) => `${layer} backward`)];
    expect(seen).toEqual(all);
    await loop.judgedStep(async () => {});
    expect(seen).toEqual([...all, ...all]);
  });

  test('sums all that each op gave, and shows it to a watcher too', async () => {
    const { gpu } = await hostGpu();
    using fingerprints = new Fingerprints(gpu);
    using model = mlp(gpu);
    const see = vi.spyOn(fingerprints, 'see');
    const shown: Application<Tensor>[] = [];
    const watch = (application: Application<Tensor>) => void shown.push(application);
    const observers = { fingerprints, watch };
    using loop = new TrainingLoop(gpu, { model, source: new Steps([[batch(1)]]), observers });
    await loop.step();
    const seen = see.mock.calls.map(([tensors]) => Object.values(tensors));
    const given = shown.map(({ gradients, outputs }) => Object.values(gradients ?? outputs));
    expect(given).toHaveLength(12);
    expect(seen.map(({ length }) => length)).toEqual(given.map(({ length }) => length));
    for (const [i, tensors] of seen.entries())
      for (const [k, tensor] of tensors.entries()) expect(tensor).toBe(given[i]?.[k]);
  });

  test('keeps what it computed for a judge alone', async () => {
    const { gpu, loop } = await setUp([[batch(1)], [batch(2)], [batch(3)]]);
    const peakOf = async (step: () => Promise<unknown>) => {
      gpu.memory.resetPeak();
      await step();
      return gpu.memory.ledger.peakBytes;
    };
    await loop.step();
    const plain = await peakOf(() => loop.step());
    expect(plain).toBeLessThan(await peakOf(() => loop.judgedStep(async () => {})));
  });

  test('without an optimizer is sought from where its state was', async () => {
    const { loop, source } = await setUp([[batch(1)], [batch(2)], [batch(3)]], {
      optimizer: false,
    });
    await loop.step();
    await loop.step();
    const state = await loop.checkpoint();
    source.asked.length = 0;
    loop.restore(state);
    expect(source.asked).toEqual(['seek 2']);
  });

  test('shows a judge each pass, and then the update', async () => {
    const { loop, optimizer, live } = await setUp([[batch(1), batch(2)]], {
      optimizer: { max_grad_norm: 1 },
    });
    const held = live();
    const judged: unknown[] = [];
    const parts = await loop.judgedStep(async (applications, pass) => {
      judged.push([applications.map(({ op }) => op.name).at(-1), pass?.logits?.shape]);
      if (pass) judged.push([...pass.gradients.values()].map(({ shape }) => sizeOf(shape)));
    });
    expect(parts).toHaveLength(2);
    const sizes = [12, 4, 16, 4, 20, 5];
    const ofPass = (gradients: unknown) => (gradients as number[]).toSorted((a, b) => a - b);
    expect(judged.map((one, i) => (i === 1 || i === 3 ? ofPass(one) : one))).toEqual([
      ['matmul', [1, 5]],
      sizes.toSorted((a, b) => a - b),
      ['matmul', [1, 5]],
      sizes.toSorted((a, b) => a - b),
      ['clip_grad_norm', undefined],
      ['sgd_step', undefined],
      ['lr_schedule', undefined],
    ]);
    expect([optimizer?.step, await loop.readLoss()]).toEqual([1, 1.5]);
    expect(await loop.judgedStep(async () => {})).toBeUndefined();
    loop[Symbol.dispose]();
    expect(live()).toBe(held);
  });
});

describe('a captured loop', () => {
  const steps = [1, 2, 3].map((label) => [batch(label)]).concat([[batch(1, 2)], [batch(3, 4)]]);

  test('replays steps of the shapes that it knows, and captures others as they come', async () => {
    const { loop, kernels, source, live } = await setUp(steps);
    await loop.capture();
    // The next step is asked for once.
    expect(source.asked).toEqual(['next']);
    for (const [i] of steps.entries()) {
      expect(await loop.step()).toBe(steps[i]);
      expect(await loop.readLoss()).toBe(i + 1);
    }
    expect(kernels.filter((label) => label === 'optim/sgd_step')).toHaveLength(5);
    expect(await loop.step()).toBeUndefined();
    loop[Symbol.dispose]();
    expect(live()).toBe(0);
  });

  test('asks the model for each shape while it captures it, and not again', async () => {
    const { loop, model } = await setUp(steps);
    const forward = vi.spyOn(model, 'forward');
    await loop.capture();
    const each = forward.mock.calls.length;
    expect(each).toBeGreaterThan(0);
    const counts: number[] = [];
    while (await loop.step()) counts.push(forward.mock.calls.length / each);
    // The fourth has another shape.
    expect(counts).toEqual([1, 1, 1, 2, 2]);
  });

  test('captured again is made anew, in the place of what was captured', async () => {
    const { loop, model, live } = await setUp(steps);
    const forward = vi.spyOn(model, 'forward');
    await loop.capture();
    const once = live();
    const each = forward.mock.calls.length;
    await loop.step();
    await loop.capture();
    expect([forward.mock.calls.length, live()]).toEqual([2 * each, once]);
    await expect(loop.readLoss()).rejects.toThrow('before it made a step');
  });

  test('sees its steps with no more than the sums of them', async () => {
    const told = async (capture: boolean) => {
      const { gpu } = await hostGpu();
      using fingerprints = new Fingerprints(gpu);
      using model = mlp(gpu);
      using loop = new TrainingLoop(gpu, {
        ...{ model, source: new Steps(steps), observers: { fingerprints } },
        optimizer: new Optimizer(
          gpu,
          model.parameters,
          { optimizer: 'sgd', lr: 0.5 },
          { fingerprints },
        ),
      });
      if (capture) await loop.capture();
      for (let i = 0; i < 3; i++) await loop.step();
      return (await fingerprints.read()).map(({ length }) => length);
    };
    const [first, ...others] = await told(false);
    expect(others).toEqual([first, first]);
    expect(first).toBeGreaterThan(0);
    expect(await told(true)).toEqual([first, first, first]);
  });

  test('tells apart batches that are stored in other types', async () => {
    const halves = (label: number): Examples => ({
      ...batch(label),
      inputs: { x: hostTensorFrom('f16', [1, 3], [label, label, label]) },
    });
    const mixed = [[batch(1)], [halves(2)], [batch(3)], [halves(4)]];
    const { loop } = await setUp(mixed);
    await loop.capture();
    for (const [i, parts] of mixed.entries()) {
      expect(await loop.step()).toBe(parts);
      expect(await loop.readLoss()).toBe(i + 1);
    }
  });

  test('frees the inputs of shapes that it did not capture', async () => {
    const { loop, live } = await setUp([[batch(1)], [batch(1, 2)], [batch(1, 2, 3)], [batch(1)]]);
    await loop.step();
    const one = live();
    await loop.step();
    await loop.step();
    await loop.step();
    expect(live()).toBe(one);
  });
});

describe('the random numbers of a model', () => {
  const sequences = (length: number): Examples => ({
    inputs: {
      ids: hostTensorFrom('i32', [2, length], new Array<number>(2 * length).fill(1)),
      mask: hostTensorFrom('u8', [2, 1, 1, length], new Array<number>(2 * length).fill(1)),
      share: filled([2, length, 1], 1 / length),
    },
    labels: hostTensorFrom('i32', [2], [0, 1]),
  });
  const model = (gpu: Gpu) =>
    new SequenceClassifier(
      gpu,
      { vocab: 11, heads: 2, headDim: 3, classes: 5, dropout: 0.25 },
      new Random(1),
    ) as unknown as Model;
  // Two dropouts of 2 x 4 x 6 numbers, four to a count.
  const each = 24;

  test.each([false, true])('move on with each step (captured: %s)', async (capture) => {
    const steps = [sequences(4), sequences(4), sequences(4)].map((one) => [one]);
    const { loop } = await setUp(steps, { model, seed: 7 });
    if (capture) await loop.capture();
    await loop.step();
    expect((await loop.checkpoint()).random).toBe(each);
    await loop.step();
    await loop.judgedStep(async () => {});
    expect((await loop.checkpoint()).random).toBe(3 * each);
  });

  test('go on from where a state was', async () => {
    const { loop } = await setUp([[sequences(4)]], { model, seed: 7 });
    loop.restore({ ...(await loop.checkpoint()), random: 100 });
    await loop.step();
    expect((await loop.checkpoint()).random).toBe(100 + each);
  });

  test('are none without a seed', async () => {
    const { loop, kernels } = await setUp([[sequences(4)]], { model });
    await loop.step();
    expect(kernels).not.toContain('nn/dropout');
    expect((await loop.checkpoint()).random).toBe(0);
  });
});

describe('a state', () => {
  const images = (label: number): Examples => ({
    inputs: { x: filled([1, 3, 4, 4], label) },
    labels: hostTensorFrom('i32', [1], [label]),
  });
  const conv = (gpu: Gpu) => new ConvNet(gpu, { channels: [3, 2, 2], classes: 5 }, new Random(1));

  test('is that of optimizer, model and source', async () => {
    const steps = [1, 2, 3, 4].map((label) => [images(label)]);
    const { loop, source, model, optimizer } = await setUp(steps, { model: conv, seed: 7 });
    await loop.step();
    await loop.step();
    const state = await loop.checkpoint();
    expect([state.step, Object.keys(state.statistics)]).toEqual([
      2,
      Object.keys(model.statistics ?? {}),
    ]);
    const statistics = Object.fromEntries(
      Object.keys(state.statistics).map((name, i) => [name, filled([2], 10 + i)]),
    );
    source.asked.length = 0;
    loop.restore({ ...state, step: 1, statistics });
    expect([source.asked, optimizer?.step]).toEqual([['seek 1'], 1]);
    expect((await loop.checkpoint()).statistics).toEqual(statistics);
    expect(await loop.step()).toBe(steps[1]);
  });

  test('of another model, or of none, is refused before anything is written', async () => {
    const { loop, source } = await setUp([[images(1)], [images(2)]], { model: conv });
    await loop.step();
    const state = await loop.checkpoint();
    const [first = '', ...names] = Object.keys(state.statistics);
    const without = Object.fromEntries(names.map((name) => [name, filled([2], 7)]));
    source.asked.length = 0;
    expect(() => loop.restore({ ...state, statistics: without })).toThrow(
      `the state does not fit, missing: ${first}: restore it into a run of the same model`,
    );
    const tensors = { ...state.tensors, param: filled([3], 7), extra: filled([1], 7) };
    expect(() => loop.restore({ ...state, tensors })).toThrow(
      /unexpected: extra; mismatched: param/,
    );
    expect([await loop.checkpoint(), source.asked]).toEqual([state, []]);
  });

  test('of an optimizer that has stepped before is sought from where the loop began', async () => {
    const steps = [1, 2, 3].map((label) => [batch(label)]);
    const { gpu, optimizer, model } = await setUp(steps);
    for (let i = 0; i < 5; i++) optimizer?.advance();
    const source = new Steps(steps);
    const loop = new TrainingLoop(gpu, { model, source, optimizer });
    await loop.step();
    const state = await loop.checkpoint();
    expect(state.step).toBe(6);
    loop.restore(state);
    expect(source.asked).toEqual(['next', 'seek 1']);
    expect(await loop.step()).toBe(steps[1]);
  });

  test('forgets what was asked of the source ahead', async () => {
    const steps = [1, 2, 3].map((label) => [batch(label)]);
    const { loop } = await setUp(steps);
    const state = await loop.checkpoint();
    await loop.step();
    await loop.capture();
    loop.restore(state);
    expect(await loop.step()).toBe(steps[0]);
  });
});
