import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { GroupedBatches } from '../../src/train/grouped-batches.ts';
import { type LoopState, TrainingLoop } from '../../src/train/loop/training-loop.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import type { Stage } from '../../src/train/stage.ts';
import type { OptimizerParams } from '../../src/train/update-rule.ts';
import { numbersOf } from './state-numbers.ts';
import { accumulatedOptimizer } from './whole-step/accumulated.ts';
import type { DroppingPerceptron } from './whole-step/dropping-perceptron.ts';
import { judgedRun } from './whole-step/judged-run.ts';
import { dropping } from './whole-step/lessons.ts';
import { PARTS } from './whole-step/parts.ts';
import { batchesOf, type Setting, STEPS } from './whole-step/setting.ts';
import { SETTINGS } from './whole-step/settings.ts';

export const segments = suite('train.segments', {
  description:
    'A perceptron whose parameters lie in three buffers: gradients with one norm and one verdict on overflows, an update for each',
});

/** Of six parameters two fit into a segment. */
const SEGMENT_BYTES = 512;
const SEGMENTS = 3;

function segmented(t: CaseContext): DroppingPerceptron {
  const model = dropping(t, { segmentBytes: SEGMENT_BYTES });
  const { pieces } = model.parameters.segments;
  t.expect(pieces.length === SEGMENTS, () => `there are ${pieces.length} segments`);
  return model;
}

const OPTIMIZERS: Readonly<Record<string, OptimizerParams>> = {
  adamw: { optimizer: 'adamw', lr: 0.01 },
  sgd: { optimizer: 'sgd', lr: 0.1, momentum: 0.9 },
};

/**
 * The state after the first or the last two of four captured steps in float16, where the second
 * overflows; the last two go on from a state.
 */
async function half(
  t: CaseContext,
  model: DroppingPerceptron,
  params: OptimizerParams,
  from?: LoopState,
): Promise<LoopState> {
  using optimizer = new Optimizer(t.gpu, model.parameters, params, {
    schedule: { name: 'linear', total: 8 },
    grad_scaler: { init_scale: 1024, growth_interval: 2 },
  });
  const source = new GroupedBatches(batchesOf(SETTINGS.float16, t.seed).flat(), 1);
  const options = { model, optimizer, source, seed: t.seed, autocast: 'float16' } as const;
  using loop = new TrainingLoop(t.gpu, options);
  if (from) loop.restore(from);
  await loop.capture();
  for (let step = 0; step < STEPS / 2; step++) await loop.step();
  return await loop.checkpoint();
}

for (const [optimizer, params] of Object.entries(OPTIMIZERS)) {
  segments
    .case('same-bits', { optimizer: [optimizer] })
    .tier('full')
    .desc(
      'Four captured steps in float16 without clipping, where the second overflows: three segments end with the bits of one, and a state of the one is taken over by the other.',
    )
    .control('what overflows is not seen where it is summed', (fault) =>
      fault.host(
        'train.update_stages',
        () => (stages: readonly Stage[]) => stages.filter(({ op }) => op.signature.name !== 'add'),
      ),
    )
    .run(async (t) => {
      using one = dropping(t);
      using three = segmented(t);
      const whole = await half(t, one, params);
      const parts = await half(t, three, params);
      t.expect(Number(whole.tensors['steps']?.data[0]) === 1, () => 'no step was left out');
      t.expectEqual('state after two steps', numbersOf(parts), numbersOf(whole));
      const end = numbersOf(await half(t, one, params, parts));
      t.expectEqual('state after four', numbersOf(await half(t, three, params, whole)), end);
    });
}

/** The largest norm: it is exceeded in every step. */
const CLIP = 1 / 64;
const clipped: Setting = {
  ...SETTINGS.accumulated,
  recipe: { ...SETTINGS.accumulated.recipe, clip: CLIP },
};

for (const path of ['recorded', 'captured'] as const) {
  segments
    .case('one-norm', { path: [path] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'Four steps of three micro-batches in three segments, clipped by the norm of all: each held against the replica, which knows of no segments.',
    )
    .control('the norm is that of the last segment', (fault) =>
      fault.shader('optim/grad_norm_shares', 'shares[dims.first + part]', 'shares[part]'),
    )
    .run(async (t) => {
      using model = segmented(t);
      using optimizer = accumulatedOptimizer(t, model, CLIP);
      await judgedRun(t, clipped, path, { model, optimizer, seed: t.seed });
    });
}

segments
  .case('judged-step')
  .tier('full')
  .desc(
    'Every stage of the update of three segments is within its bound: each is unscaled, what was found is summed, all are clipped together, each is updated.',
  )
  .control('the norm is that of the last segment', (fault) =>
    fault.shader('optim/grad_norm_shares', 'shares[dims.first + part]', 'shares[part]'),
  )
  .run(async (t) => {
    using model = segmented(t);
    using optimizer = accumulatedOptimizer(t, model, CLIP);
    const source = new GroupedBatches(batchesOf(clipped, t.seed).flat(), PARTS);
    using loop = new TrainingLoop(t.gpu, { model, optimizer, source, seed: t.seed });
    const ops: string[] = [];
    await loop.judgedStep(async (applications, pass) => {
      if (pass) return;
      ops.push(...applications.map(({ op }) => op.name));
      await judgeApplications(t, 1, applications);
    });
    const each = (op: string, count: number) => new Array<string>(count).fill(op);
    const wanted = [
      ...each('amp_unscale', SEGMENTS),
      ...each('add', SEGMENTS - 1),
      'clip_grad_norm',
      ...each('amp_adamw_step', SEGMENTS),
      'amp_update_scale',
    ];
    t.expect(ops.join() === wanted.join(), () => `the stages are ${ops}`);
  });
