import { collateExamples, drawnDataset } from '../../src/data/drawn.ts';
import { examplesAt } from '../../src/data/epoch.ts';
import type { Examples } from '../../src/data/examples.ts';
import { DataLoader } from '../../src/data/loader.ts';
import { drawMajorities, MAJORITY_TOKENS } from '../../src/data/majorities.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { SequenceClassifier } from '../../src/models/sequence-classifier/sequence-classifier.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { meanLoss, runMiniTraining, type StepOptions } from '../../src/train/mini-training.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { batchesWeighAlike } from './batches-weigh-alike.ts';
import { STEP_LOSS_LIMIT } from './limits.ts';

export const miniTraining = suite('train.mini', {
  description: 'A few steps of a classifier with dropout: their losses, their end, what they leave',
});

const SIZES = { vocab: MAJORITY_TOKENS, heads: 1, headDim: 4, classes: 2, dropout: 0.25 };

/** Model, batches of three examples, and optimizer of a run. */
class Run implements Disposable {
  readonly #gpu: Gpu;
  readonly #model: SequenceClassifier;
  readonly #optimizer: Optimizer;
  readonly #loader: DataLoader<ReturnType<typeof drawMajorities>>;

  constructor(t: CaseContext) {
    this.#gpu = t.gpu;
    this.#model = new SequenceClassifier(t.gpu, SIZES, t.random(1));
    const params = { optimizer: 'adamw', lr: 0.01 } as const;
    this.#optimizer = new Optimizer(t.gpu, this.#model.parameters, params);
    const examples = drawnDataset(drawMajorities, 30, t.seed);
    this.#loader = new DataLoader(examples, collateExamples, { batchSize: 3, seed: t.seed });
  }

  async train(steps: number, options: StepOptions = {}): Promise<number[]> {
    const batches = this.#loader.epoch(0);
    return await runMiniTraining(this.#gpu, this.#model, batches, this.#optimizer, steps, options);
  }

  /** Loss of a batch by the weights as they are now. */
  async lossNow(batch: number): Promise<number> {
    const examples = [...this.#loader.epoch(0)][batch] as Examples;
    return await meanLoss(this.#gpu, this.#model, [examples]);
  }

  [Symbol.dispose](): void {
    this.#optimizer[Symbol.dispose]();
    this.#model[Symbol.dispose]();
  }
}

miniTraining
  .case('loss-count')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.utilities.run-mini-training/loss-count')
  .desc(
    'Of ten batches, a run of n steps takes n, and returns as many finite losses: each that of its batch before its step.',
  )
  .control('an end after every step', (fault) => fault.host('train.is_aborted', () => () => true))
  .run(async (t) => {
    for (const steps of [0, 1, 7]) {
      using run = new Run(t);
      const untrained = await run.lossNow(0);
      const before = [untrained];
      const losses = await run.train(steps, {
        onStep: async (step) => void before.push(await run.lossNow(step)),
      });
      t.expect(
        losses.length === steps && losses.every(Number.isFinite),
        () => `${steps} steps gave the losses ${losses}`,
      );
      t.expect(before.length === steps + 1, () => `${before.length - 1} steps were taken`);
      t.expect(
        losses.join() === before.slice(0, steps).join(),
        () => `the losses are ${losses}, and before each step ${before}`,
      );
      const isTrained = (await run.lossNow(0)) !== untrained;
      t.expect(isTrained === steps > 0, () => `${steps} steps changed the weights: ${isTrained}`);
    }
  });

miniTraining
  .case('same-seed')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.utilities.run-mini-training/same-seed-equal')
  .desc('Two runs of one seed have the same losses, bit by bit; of another seed, others.')
  .control('masks that no seed gives', (fault) =>
    fault.host('dropout.forward', (original) => {
      let calls = 0;
      return (gpu, inputs, params, variant) =>
        original(gpu, inputs, { ...params, seed: params.seed + calls++ }, variant);
    }),
  )
  .run(async (t) => {
    const lossesOf = async (seed: number) => {
      using run = new Run(t);
      return (await run.train(4, { seed })).join();
    };
    const first = await lossesOf(1);
    const again = await lossesOf(1);
    t.expect(first === again, () => `the losses are ${first}, and then ${again}`);
    const other = await lossesOf(2);
    t.expect(first !== other, () => `another seed has the same losses ${other}`);
  });

miniTraining
  .case('abort')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.utilities.run-mini-training/abort-within-step')
  .desc(
    'A signal before the first step, between two, or in the midst of one, ends the run with the step that is going on.',
  )
  .control('a signal that is not read', (fault) =>
    fault.host('train.is_aborted', () => () => false),
  )
  .run(async (t) => {
    const between = new AbortController();
    using first = new Run(t);
    const losses = await first.train(10, {
      signal: between.signal,
      onStep: (step) => {
        if (step === 3) between.abort();
      },
    });
    t.expect(losses.length === 3, () => `a signal after step 3 ended step ${losses.length}`);
    const within = new AbortController();
    using second = new Run(t);
    let steps = 0;
    const cut = await second.train(10, {
      signal: within.signal,
      watch: ({ layer, grads }) => {
        if (layer === 'loss' && !grads && ++steps === 5) within.abort();
      },
    });
    t.expect(cut.length === 5, () => `a signal within step 5 ended step ${cut.length}`);
    using third = new Run(t);
    const none = await third.train(10, { signal: AbortSignal.abort() });
    t.expect(none.length <= 1, () => `a signal before the first step ended step ${none.length}`);
  });

miniTraining
  .case('buffers')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.utilities.run-mini-training/no-extra-buffers')
  .desc('After the run no other buffers live than those of weights and optimizer before it.')
  .control('a buffer that each step leaves', (fault) =>
    fault.host('gelu.forward', (original) => (gpu, ...args) => {
      Tensor.zeros(gpu, [5]);
      return original(gpu, ...args);
    }),
  )
  .run(async (t) => {
    using run = new Run(t);
    const before = t.gpu.memory.ledger;
    await run.train(3, { seed: t.seed });
    const after = t.gpu.memory.ledger;
    t.expect(
      after.liveBuffers === before.liveBuffers && after.liveBytes === before.liveBytes,
      () =>
        `${after.liveBuffers} buffers of ${after.liveBytes} bytes are left of ${before.liveBuffers} of ${before.liveBytes}`,
    );
  });

miniTraining
  .case('mean-loss')
  .tier('full')
  .desc(
    'The mean loss of 28 examples in a batch and two in the last is the mean of the losses of each alone. The two have the largest ones, so that a mean of batches that weigh alike is ten limits away.',
  )
  .control('batches weigh alike', batchesWeighAlike)
  .run(async (t) => {
    using model = new SequenceClassifier(t.gpu, SIZES, t.random(1));
    const examples = drawMajorities(30, t.random(2));
    const meanAt = (...batches: readonly (readonly number[])[]) =>
      meanLoss(
        t.gpu,
        model,
        batches.map((places) => examplesAt(examples, places)),
      );
    const losses: number[] = [];
    for (let place = 0; place < 30; place++) losses.push(await meanAt([place]));
    const places = losses.map((_, place) => place);
    places.sort((a, b) => (losses[a] as number) - (losses[b] as number));
    const batches = [places.slice(0, -2), places.slice(-2)];
    const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b) / numbers.length;
    const truth = mean(losses);
    const limit = STEP_LOSS_LIMIT * truth;
    const alike = mean(batches.map((batch) => mean(batch.map((place) => losses[place] as number))));
    t.expect(
      Math.abs(alike - truth) >= 10 * limit,
      () => `the means of the batches alone would give ${alike}, and ${truth} is right`,
    );
    const loss = await meanAt(...batches);
    t.expect(
      Math.abs(loss - truth) <= limit,
      () => `the mean loss is ${loss}, and should be ${truth}`,
    );
  });
