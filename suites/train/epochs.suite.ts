import { CLUSTER_CLASSES, CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import { countOf, holdOut } from '../../src/data/epoch.ts';
import type { Examples } from '../../src/data/examples.ts';
import { sha256 } from '../../src/formats/sha256.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { type EpochStep, EpochTrainer } from '../../src/train/epoch-trainer.ts';
import { score } from '../../src/train/score.ts';

export const epochsSuite = suite('train.epochs', {
  description: 'A perceptron goes through a fixed set of examples, all of them once an epoch',
});

const COUNT = 1000;
const BATCH = 32;

function perceptron(t: CaseContext, seed = 0): Mlp {
  const sizes = { inFeatures: CLUSTER_FEATURES, hidden: 32, classes: CLUSTER_CLASSES };
  return new Mlp(t.gpu, sizes, t.random(seed));
}

function trainer(t: CaseContext, model: Mlp, examples: Examples): EpochTrainer {
  const optimizer = { optimizer: 'adam', lr: 0.01 } as const;
  return new EpochTrainer(t.gpu, model, { examples, batchSize: BATCH, optimizer, seed: t.seed });
}

async function epoch(training: EpochTrainer): Promise<readonly EpochStep[]> {
  const steps: EpochStep[] = [];
  for await (const step of training.epoch()) steps.push(step);
  return steps;
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/**
 * The share of the loss that is left at most after an epoch: a network that learns nothing of its
 * inputs stays above it, and has by chance a lower loss at the end in half of all runs.
 */
const LEARNT = 0.75;

/** Every step goes the other way. */
function uphill(fault: FaultDeclaration): void {
  fault.shader('optim/adamw_step', '- step.size', '+ step.size');
}

epochsSuite
  .case('steps')
  .tier('full')
  .covers('triton.training.single-epoch/steps-counted')
  .desc('An epoch of 1000 examples takes 32 steps: 31 with 32 examples each, and one with 8.')
  .control('what does not fill a batch is left out', (fault) =>
    fault.host(
      'data.draw_epoch',
      (original) =>
        (...args) =>
          original(...args).slice(0, -1),
    ),
  )
  .run(async (t) => {
    using model = perceptron(t);
    using training = trainer(t, model, drawClusters(COUNT, t.random(1)));
    const steps = await epoch(training);
    const sizes = steps.map(({ size }) => size).join();
    const expected = [...Array(31).fill(BATCH), 8].join();
    t.expect(sizes === expected, () => `the batches have ${sizes} examples`);
    const { step } = await training.checkpoint();
    t.expect(step === 32, () => `the optimizer counted ${step} steps`);
  });

epochsSuite
  .case('loss-falls')
  .tier('full')
  .covers('triton.training.single-epoch/loss-falls')
  .desc(
    'Over an epoch of 1000 labelled examples the mean loss of the last 8 batches is below three quarters of that of the first 8.',
  )
  .control('steps uphill', uphill)
  .run(async (t) => {
    using model = perceptron(t);
    using training = trainer(t, model, drawClusters(COUNT, t.random(1)));
    const losses = (await epoch(training)).map(({ loss }) => loss);
    const [first, last] = [mean(losses.slice(0, 8)), mean(losses.slice(-8))];
    t.series('loss', losses);
    t.metric('share', last / first);
    t.expect(
      last < LEARNT * first,
      () => `the mean loss goes from ${first} to ${last}`,
      'not-learnt',
    );
  });

epochsSuite
  .case('weights-change')
  .tier('full')
  .covers('triton.training.single-epoch/weights-change')
  .desc('Each of the 32 steps of an epoch leaves weights with a hash that no step before it left.')
  .control('steps of no length', (fault) =>
    fault.shader('optim/adamw_step', '- step.size', '- 0.0 * step.size'),
  )
  .run(async (t) => {
    using model = perceptron(t);
    using training = trainer(t, model, drawClusters(COUNT, t.random(1)));
    const hashOfWeights = async () => {
      const { data } = await model.parameters.data.read();
      return await sha256(new Uint8Array(data.buffer as ArrayBuffer));
    };
    const hashes = [await hashOfWeights()];
    for await (const _ of training.epoch()) hashes.push(await hashOfWeights());
    t.expect(
      hashes.length === 33 && new Set(hashes).size === hashes.length,
      () => `${hashes.length - 1} steps left ${new Set(hashes).size} different weights`,
    );
  });

const EPOCHS = 5;
const SEEDS = [1, 2, 3, 4, 5];

epochsSuite
  .case('separable-accuracy', { seed: SEEDS })
  .tier('full')
  .timeout(60_000)
  .covers('triton.training.convergence-simple-task/separable-accuracy')
  .desc(
    'After 5 epochs of Adam on 1000 examples of ten classes that planes part, 95 of 100 held-out answers are right.',
  )
  .control('steps uphill', uphill)
  .run(async (t) => {
    const { before, after } = await learn(t, separable(t));
    t.expect(
      before.right < 0.5 * before.asked,
      () => `${before.right} of ${before.asked} answers are right before`,
    );
    const accuracy = after.right / after.asked;
    t.metric('accuracy', accuracy);
    t.expect(accuracy >= 0.95, () => `${accuracy} of the answers are right`, 'not-learnt');
  });

epochsSuite
  .case('separable-loss', { seed: SEEDS })
  .tier('full')
  .timeout(60_000)
  .covers('triton.training.convergence-simple-task/separable-loss')
  .desc('After the same 5 epochs the held-out loss is at most a fifth of the one before them.')
  .control('steps uphill', uphill)
  .run(async (t) => {
    const { before, after } = await learn(t, separable(t));
    t.expect(
      before.loss > 1 && after.loss > 0,
      () => `the losses are ${before.loss} and ${after.loss}`,
    );
    t.metric('share', after.loss / before.loss);
    t.expect(
      after.loss <= 0.2 * before.loss,
      () => `the loss goes from ${before.loss} to ${after.loss}`,
      'not-learnt',
    );
  });

epochsSuite
  .case('random-labels')
  .tier('full')
  .timeout(60_000)
  .covers('triton.training.convergence-simple-task/random-labels-chance')
  .desc(
    'After 5 epochs on labels that tell nothing, held-out answers are right as often as by chance, within 3 standard deviations.',
  )
  .control('held-out examples that were trained on', (fault) =>
    fault.host('data.hold_out', (original) => (...args) => {
      const { training } = original(...args);
      return { training, heldOut: training };
    }),
  )
  .run(async (t) => {
    const { inputs, labels } = drawClusters(2 * COUNT, t.random(1));
    const random = t.random(2);
    const drawn = random.fill(labels.data.length, () => random.integer(0, CLUSTER_CLASSES - 1));
    const { after } = await learn(t, {
      inputs,
      labels: hostTensorFrom('i32', labels.shape, drawn),
    });
    const deviation = Math.sqrt((0.1 * 0.9) / after.asked);
    const accuracy = after.right / after.asked;
    t.metric('accuracy', accuracy);
    t.expect(
      Math.abs(accuracy - 0.1) <= 3 * deviation,
      () => `${accuracy} of the answers are right`,
    );
  });

const seedOf = (t: CaseContext): number => Number(t.params['seed'] ?? 1);

/** Drawn examples of all ten classes, parted by planes: on the axis of its class each is above 1. */
function separable(t: CaseContext): Examples {
  const examples = drawClusters(2 * COUNT, t.random(seedOf(t)));
  const labels = examples.labels.data;
  const classes = new Set(labels).size;
  t.expect(classes === 10, () => `there are ${classes} classes`);
  const other = examples.inputs['x']?.data.findIndex(
    (x, i) => x > 1 !== (i % CLUSTER_FEATURES === labels[Math.floor(i / CLUSTER_FEATURES)]),
  );
  t.expect(other === -1, () => `number ${other} is on the other side of its plane`);
  return examples;
}

/** Trains on half of the examples, and asks the other half before and after. */
async function learn(t: CaseContext, examples: Examples) {
  const { training, heldOut } = holdOut(examples, countOf(examples) / 2);
  using model = perceptron(t, 10 + seedOf(t));
  using run = trainer(t, model, training);
  const before = await score(t.gpu, model, heldOut);
  for (let i = 0; i < EPOCHS; i++) await epoch(run);
  return { before, after: await score(t.gpu, model, heldOut) };
}
