import { drawSpirals } from '../../src/data/spirals.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import { binomialCriticalValue } from '../../src/testing/binomial-critical-value.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner, type LearnerConfig } from '../../src/train/learner.ts';
import type { OptimizerParams } from '../../src/train/update-rule.ts';
import type { Declare } from './whole-step/faults.ts';

export const lossScalingSuite = suite('train.loss-scaling', {
  description:
    'Training with products stored in halves, and a loss whose scale follows what overflows',
});

/**
 * Gradients of such a loss are beyond float16, which ends at 65504, until the scale has backed off
 * about a dozen times; it grows beyond again.
 */
const SCALING = { init_scale: 2 ** 32, growth_interval: 10 } as const;
const STEPS = 120;
const HELDOUT = 1024;

const OPTIMIZERS: Readonly<Record<string, OptimizerParams>> = {
  adamw: { optimizer: 'adamw', lr: 0.01, weight_decay: 0 },
  sgd: { optimizer: 'sgd', lr: 0.2, momentum: 0.9, nesterov: true },
  // Codes of the weights between hidden layers, floats of the others.
  adamw8bit: {
    ...{ optimizer: 'adamw8bit', lr: 0.01, weight_decay: 0 },
    ...{ min_8bit_size: 100, blocksize: 64 },
  },
};

/** What must turn a run red. */
const CONTROLS: Readonly<Record<string, readonly [name: string, declare: Declare]>> = {
  adamw8bit: [
    'codes and scales change in steps that overflow',
    (fault) => fault.shader('optim/amp_step_rates', 'found_inf[0] == 0.0', 'found_inf[0] >= 0.0'),
  ],
};
const INFINITIES: readonly [name: string, declare: Declare] = [
  'infinities pass for numbers',
  (fault) =>
    fault.shader(
      'optim/amp_unscale',
      'flag = select(1.0, flag, finite)',
      'flag = select(0.0, flag, finite)',
    ),
];

for (const optimizer of ['adamw', 'sgd', 'adamw8bit']) {
  lossScalingSuite
    .case('overflow', { optimizer: [optimizer] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'A perceptron in float16 whose first gradients overflow, and later ones whenever the scale has grown too far: such steps change nothing but the scale, which backs off, the others learn, no step waits for the device, and the updates that are judged are within their bounds.',
    )
    .control(...(CONTROLS[optimizer] ?? INFINITIES))
    .run((t) => overflowAndRecover(t, OPTIMIZERS[optimizer] as OptimizerParams));
}

async function overflowAndRecover(t: CaseContext, optimizer: OptimizerParams): Promise<void> {
  using model = perceptron(t);
  using learner = new Learner(t.gpu, model, {
    ...configOf(t, optimizer),
    autocast: 'float16',
    grad_scaler: SCALING,
  });
  const judgedUpdate = (step: number) =>
    learner.judgedStep(
      async (applications) =>
        void (await judgeApplications(
          t,
          step,
          applications.filter(({ layer }) => layer === 'optimizer'),
        )),
    );
  const before = await learner.checkpoint();
  const start = ['scale', 'growth_tracker', 'steps']
    .map((name) => before.tensors[name]?.data[0])
    .join();
  t.expect(
    start === `${SCALING.init_scale},0,0`,
    () => `scale, steps since it changed, and steps start from ${start}`,
  );
  await judgedUpdate(1);
  const after = await learner.checkpoint();
  for (const name of Object.keys(before.tensors).filter((key) => key !== 'scale')) {
    t.expect(
      String(after.tensors[name]?.data) === String(before.tensors[name]?.data),
      () => `${name} changed in a step that overflowed`,
    );
  }
  await learner.capture();
  const submitsBefore = t.gpu.recorder.submits;
  for (let step = 2; step < STEPS; step++) await learner.step();
  const submits = t.gpu.recorder.submits - submitsBefore;
  t.expect(submits === STEPS - 2, () => `${STEPS - 2} replayed steps took ${submits} submits`);
  await judgedUpdate(STEPS);
  const taken = Number((await learner.checkpoint()).tensors['steps']?.data[0]);
  const { right } = await learner.score(drawSpirals(HELDOUT, t.random(2)));
  const least = binomialCriticalValue(HELDOUT, 0.75);
  t.metric('stepsTaken', taken);
  t.metric('accuracy', right / HELDOUT);
  // Up to a dozen overflow at the start, and then again and again as the scale grows.
  t.expect(
    taken < STEPS - 12,
    () => `${taken} of ${STEPS} steps were taken, and more than 12 should overflow`,
  );
  t.expect(
    taken > STEPS / 2,
    () => `${taken} of ${STEPS} steps were taken: the scale does not find its size`,
  );
  t.expect(
    right >= least,
    () => `${right} of ${HELDOUT} held-out answers are right, and ${least} should be`,
    'not-learnt',
  );
}

lossScalingSuite
  .case('judged-steps', { autocast: ['float16', 'bfloat16'] })
  .tier('full')
  .timeout(60_000)
  .desc(
    'Three steps of a perceptron with products in halves and a loss scale of 1024: every op, casts and updates included, is within its bound.',
  )
  .control('gradients of another activation', (fault) =>
    fault.launch('gelu.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, params: { approximate: 'tanh' } },
      variant,
    ]),
  )
  .run(async (t) => {
    const { autocast } = t.params;
    using model = perceptron(t);
    using learner = new Learner(t.gpu, model, {
      ...configOf(t, OPTIMIZERS['adamw'] as OptimizerParams),
      autocast,
      grad_scaler: { init_scale: 1024 },
    });
    for (let step = 1; step <= 3; step++) {
      await learner.judgedStep(
        async (applications) => void (await judgeApplications(t, step, applications)),
      );
    }
  });

function perceptron(t: CaseContext): Mlp {
  return new Mlp(t.gpu, { inFeatures: 2, hidden: 24, classes: 2 }, t.random(1));
}

function configOf(t: CaseContext, optimizer: OptimizerParams): LearnerConfig {
  return { draw: drawSpirals, batchSize: 32, optimizer, seed: t.seed, max_grad_norm: 1 };
}
