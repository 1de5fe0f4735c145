import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { CLUSTER_CLASSES, CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import { ternaryLinear } from '../../src/models/ternary-linear.ts';
import { TernaryMlp } from '../../src/models/ternary-mlp/ternary-mlp.ts';
import { crossEntropy } from '../../src/ops/nn/cross_entropy.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { drawn } from '../quantizer/drawn.ts';

export const latentTraining = suite('quant.latent-training', {
  description: 'Float weights behind ternary ones take the steps of SGD',
});

const ROW = 'triton.quantization.training-step';
const STEPS = 200;
const LR = 0.25;
/** The catalog's limit for a weight after a step. */
const STEP_LIMIT = 1e-6;

function uphill(fault: FaultDeclaration): void {
  fault.shader('optim/sgd_step', 'let before = Descent(param[i]', 'let before = Descent(-param[i]');
}

latentTraining
  .case('step')
  .covers(`${ROW}/sgd-step`)
  .desc(
    'One step of SGD changes the float weights behind a ternary layer by the rate times their gradient, which its trits let through.',
  )
  .control('signs of weights turned before the step', uphill)
  .run(async (t) => {
    const { inputs, labels: classes } = drawClusters(64, t.random(1));
    const initial = new Map([['weight', drawn(t, 2, [CLUSTER_CLASSES, CLUSTER_FEATURES])]]);
    using x = Tensor.from(t.gpu, inputs['x'] as NonNullable<(typeof inputs)['x']>);
    using labels = Tensor.from(t.gpu, classes);
    using one = Tensor.from(t.gpu, hostTensorFrom('f32', [], [1]));
    using parameters = new FlatParameters(t.gpu, initial);
    using optimizer = new Optimizer(t.gpu, parameters, { optimizer: 'sgd', lr: LR });
    const latent = parameters.view('weight');
    const before = valuesOf(await latent.read());
    using tape = new Tape(t.gpu, [latent]);
    const { y: logits } = ternaryLinear(tape, 'layer', x, { weight: latent });
    const { loss } = tape.apply(crossEntropy, { logits, labels }, {}, 'loss');
    const gradients = tape.backward(loss, one);
    const gradient = valuesOf(await (gradients.get(latent) as Tensor).read());
    optimizer.advance();
    optimizer.update(gradients);
    const after = valuesOf(await latent.read());
    const largest = Math.max(...gradient.map(Math.abs));
    t.metric('largest-gradient', largest);
    t.expect(largest > 0, () => 'no gradient comes through');
    for (const [i, w] of before.entries()) {
      const expected = w - LR * (gradient[i] as number);
      const off = Math.abs((after[i] as number) - expected);
      t.expect(off <= STEP_LIMIT, () => `weight ${i} is ${after[i]} and should be ${expected}`);
    }
  });

latentTraining
  .case('loss')
  .tier('full')
  .timeout(60_000)
  .covers(`${ROW}/loss-falls`)
  .desc('200 steps of SGD take at least half of the cross entropy of a ternary perceptron away.')
  .control('signs of weights turned before each step', uphill)
  .run(async (t) => {
    const sizes = { inFeatures: CLUSTER_FEATURES, hidden: 48, classes: CLUSTER_CLASSES };
    using model = new TernaryMlp(t.gpu, sizes, t.random(1));
    using learner = new Learner(t.gpu, model, {
      draw: drawClusters,
      batchSize: 32,
      optimizer: { optimizer: 'sgd', lr: LR },
      seed: t.seed,
    });
    const held = drawClusters(512, t.random(2));
    const { loss: first } = await learner.score(held);
    await learner.capture();
    for (let step = 1; step <= STEPS; step++) await learner.step();
    const { loss: last } = await learner.score(held);
    t.series('loss', [first, last]);
    t.expect(last <= first / 2, () => `the loss goes from ${first} to ${last}`, 'not-learnt');
  });
