import { Tape } from '../../src/autograd/tape.ts';
import { CLUSTER_CLASSES, CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { quantile } from '../../src/ops/math/quantile.ts';
import { absMean } from '../../src/ops/quant/abs_mean.ts';
import { fakeTernarize } from '../../src/ops/quant/fake_ternarize.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';
import { score } from '../../src/train/score.ts';
import { fixedThreshold } from './trits.ts';

export const thresholdImpact = suite('quant.threshold-impact', {
  description: 'What ternary weights of a trained model cost, by thresholds fixed and calibrated',
});

const SEEDS = 5;
const STEPS = 150;
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
const FIXED = Math.fround(0.33);

/** Shares of zeros of each weight, or a threshold for all. */
type Rule = { readonly share: number } | { readonly threshold: number };

/** The threshold of a weight by a rule, found on the device. */
function thresholdOf(t: CaseContext, weight: Tensor, rule: Rule): Tensor {
  if ('threshold' in rule) return Tensor.from(t.gpu, fixedThreshold(rule.threshold));
  return quantile.forward(t.gpu, { x: weight }, { q: rule.share, absolute: true }).y;
}

/** Makes the weights of `model` trits of those of `trained`, times the mean of what is kept. */
function ternary(t: CaseContext, model: Mlp, trained: Mlp, rule: Rule): void {
  for (const name of trained.parameters.names) {
    const from = trained.parameters.view(name);
    const to = model.parameters.view(name);
    if (!name.endsWith('weight')) {
      to.copyFrom(from);
      continue;
    }
    using threshold = thresholdOf(t, from, rule);
    using scale = absMean.forward(t.gpu, { weight: from, limit: threshold }, {}).mean;
    using y = fakeTernarize.forward(t.gpu, { weight: from, threshold, scale }, {}).y;
    to.copyFrom(y);
  }
}

async function logits(t: CaseContext, model: Mlp, x: Tensor): Promise<Float64Array> {
  using tape = new Tape(t.gpu);
  return valuesOf(await model.forward(tape, { x }).read());
}

/** The mean squared difference of two results. */
const meanSquare = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, y, i) => sum + (y - (b[i] as number)) ** 2, 0) / a.length;

/** Trains a model of a seed, and asks it and its ternary copies. */
async function impact(t: CaseContext, seed: number) {
  const sizes = { inFeatures: CLUSTER_FEATURES, hidden: 32, classes: CLUSTER_CLASSES };
  using trained = new Mlp(t.gpu, sizes, t.random(10 * seed));
  using copy = new Mlp(t.gpu, sizes, t.random(10 * seed));
  using learner = new Learner(t.gpu, trained, {
    draw: drawClusters,
    batchSize: 32,
    optimizer: { optimizer: 'adam', lr: 0.01 },
    seed: t.seed + seed,
  });
  await learner.capture();
  for (let step = 0; step < STEPS; step++) await learner.step();
  const errorOn = async (stream: number, rule: Rule) => {
    const examples = drawClusters(320, t.random(10 * seed + stream));
    using x = Tensor.from(t.gpu, examples.inputs['x'] as HostTensor);
    ternary(t, copy, trained, rule);
    const error = meanSquare(await logits(t, copy, x), await logits(t, trained, x));
    return { error, ...(await score(t.gpu, copy, examples)) };
  };
  let best: Rule = { share: SHARES[0] as number };
  let least = Number.POSITIVE_INFINITY;
  for (const share of SHARES) {
    const { error } = await errorOn(1, { share });
    if (error < least) {
      least = error;
      best = { share };
    }
  }
  return { calibrated: await errorOn(2, best), fixed: await errorOn(2, { threshold: FIXED }) };
}

const ROW = 'triton.quantization.calibration-accuracy-impact';

thresholdImpact
  .case('held-out')
  .tier('full')
  .timeout(120_000)
  .covers(`${ROW}/lower-mse`, `${ROW}/accuracies-reported`)
  .desc(
    'Of five trained perceptrons, thresholds calibrated on 320 examples give on 320 others an error of the logits that is at least a tenth lower than that of 0.33; the share of right answers is reported for both.',
  )
  .control('every threshold is 0.33', (fault) =>
    fault.host('quantile.forward', () => (gpu) => ({ y: Tensor.from(gpu, fixedThreshold(FIXED)) })),
  )
  .run(async (t) => {
    const accuracies: Record<'calibrated' | 'fixed', number[]> = { calibrated: [], fixed: [] };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const found = await impact(t, seed);
      t.expect(
        found.calibrated.error <= 0.9 * found.fixed.error,
        () =>
          `seed ${seed}: an error of ${found.calibrated.error}, and ${found.fixed.error} by 0.33`,
      );
      for (const name of ['calibrated', 'fixed'] as const)
        accuracies[name].push(found[name].right / found[name].asked);
    }
    for (const name of ['calibrated', 'fixed'] as const) {
      t.series(`accuracy ${name}`, accuracies[name]);
    }
  });
