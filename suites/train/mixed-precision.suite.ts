import { CLUSTER_CLASSES, CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { valuesOf } from '../../src/tensor/host.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';

export const mixedPrecisionSuite = suite('train.mixed-precision', {
  description: 'The same training in float32, and with products in float16 and a scaled loss',
});

const STEPS = 100;
const MIXED = { autocast: 'float16', grad_scaler: { init_scale: 2 ** 12 } } as const;

/** Trains a perceptron of its own, one that starts the same each time. */
async function train<T>(
  t: CaseContext,
  mixed: boolean,
  body: (learner: Learner) => Promise<T>,
): Promise<T> {
  const sizes = { inFeatures: CLUSTER_FEATURES, hidden: 32, classes: CLUSTER_CLASSES };
  using model = new Mlp(t.gpu, sizes, t.random(1));
  using learner = new Learner(t.gpu, model, {
    draw: drawClusters,
    batchSize: 32,
    optimizer: { optimizer: 'sgd', lr: 0.5 },
    seed: t.seed,
    ...(mixed ? MIXED : {}),
  });
  return await body(learner);
}

/** The gradients of the first step, and what they were before they were unscaled. */
interface Gradients {
  /** As the optimizer takes them. */
  readonly taken: Float64Array;
  /** Empty where no loss is scaled. */
  readonly scaled: Float64Array;
}

async function gradients(learner: Learner): Promise<Gradients> {
  let found: Gradients = { taken: new Float64Array(), scaled: new Float64Array() };
  await learner.judgedStep(async (applications) => {
    for (const { op, inputs } of applications) {
      const values = inputs['grad'] ? valuesOf(await inputs['grad'].read()) : undefined;
      if (values && /sgd_step$/.test(op.name)) found = { ...found, taken: values };
      if (values && op.name === 'amp_unscale') found = { ...found, scaled: values };
    }
  });
  return found;
}

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

mixedPrecisionSuite
  .case('gradients')
  .tier('full')
  .covers('triton.training.mixed-precision/unscaled-gradients')
  .desc(
    'Gradients of products in float16 with a scaled loss are, once unscaled, those of float32 within a hundredth of their norm, and not the same.',
  )
  .control('gradients stay scaled', (fault) =>
    fault.shader(
      'optim/amp_unscale',
      'bitcast<f32>(word) / scale[0]',
      'bitcast<f32>(word) / (1.0 + 0.0 * scale[0])',
    ),
  )
  .run(async (t) => {
    const { taken: whole } = await train(t, false, gradients);
    const { taken: halves, scaled } = await train(t, true, gradients);
    t.expect(whole.length > 0 && halves.length === whole.length, () => 'there are no gradients');
    const off = norm(whole.map((g, i) => g - (halves[i] as number))) / norm(whole);
    t.metric('relative', off);
    const scale = norm(scaled) / norm(halves);
    t.expect(
      Math.abs(scale / MIXED.grad_scaler.init_scale - 1) <= 1e-3,
      () => `gradients of the loss were ${scale} times as large`,
    );
    t.expect(off > 0, () => 'both runs have the same gradients: nothing was stored in halves');
    t.expect(off <= 1e-2, () => `the gradients differ by ${off} of their norm`);
  });

mixedPrecisionSuite
  .case('loss')
  .tier('full')
  .timeout(60_000)
  .covers('triton.training.mixed-precision/final-loss')
  .desc(
    'After 100 steps the held-out loss is within 3 of 100 of the one in float32, and has fallen.',
  )
  .control('gradients stay scaled', (fault) =>
    fault.shader(
      'optim/amp_unscale',
      'bitcast<f32>(word) / scale[0]',
      'bitcast<f32>(word) / (1.0 + 0.0 * scale[0])',
    ),
  )
  .run(async (t) => {
    const examples = drawClusters(1000, t.random(2));
    const losses = (mixed: boolean) =>
      train(t, mixed, async (learner) => {
        const { loss: first } = await learner.score(examples);
        await learner.capture();
        for (let step = 0; step < STEPS; step++) await learner.step();
        return { first, last: (await learner.score(examples)).loss };
      });
    const [whole, halves] = [await losses(false), await losses(true)];
    t.metric('float32', whole.last);
    t.metric('float16', halves.last);
    t.expect(whole.last < whole.first / 2, () => `the loss is ${whole.last}: nothing is learnt`);
    const off = Math.abs(halves.last - whole.last) / whole.last;
    t.expect(100 * off <= 3, () => `the loss is ${halves.last}, and ${whole.last} in float32`);
  });
