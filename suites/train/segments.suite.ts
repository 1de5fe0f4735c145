import { Scope } from '../../src/gpu/scope.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
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

/** How parameters are updated, and what is wrong in the control. */
interface Run {
  readonly params: OptimizerParams;
  readonly scaled: boolean;
  readonly control: readonly [name: string, stages: (of: readonly Stage[]) => readonly Stage[]];
}

const UNSEEN: Run['control'] = [
  'what overflows is not seen where it is summed',
  (stages) => stages.filter(({ op }) => op.signature.name !== 'add'),
];
const RUNS: Readonly<Record<string, Run>> = {
  adamw: { params: { optimizer: 'adamw', lr: 0.01 }, scaled: true, control: UNSEEN },
  sgd: { params: { optimizer: 'sgd', lr: 0.1, momentum: 0.9 }, scaled: true, control: UNSEEN },
  'adamw-unscaled': {
    params: { optimizer: 'adamw', lr: 0.01 },
    scaled: false,
    control: ['the first segment alone is updated', (stages) => stages.slice(0, 1)],
  },
};

/**
 * The state after the first or the last two of four captured steps; the last two go on from a
 * state. With a scaled loss products are in float16, and the second step overflows.
 */
async function half(
  t: CaseContext,
  model: DroppingPerceptron,
  { params, scaled }: Run,
  from?: LoopState,
): Promise<LoopState> {
  using optimizer = new Optimizer(t.gpu, model.parameters, params, {
    schedule: { name: 'linear', total: 8 },
    grad_scaler: scaled ? { init_scale: 1024, growth_interval: 2 } : undefined,
  });
  const setting = scaled ? SETTINGS.float16 : SETTINGS.dropout;
  const source = new GroupedBatches(batchesOf(setting, t.seed).flat(), 1);
  const autocast = scaled ? 'float16' : undefined;
  using loop = new TrainingLoop(t.gpu, { model, optimizer, source, autocast, seed: t.seed });
  if (from) loop.restore(from);
  await loop.capture();
  for (let step = 0; step < STEPS / 2; step++) await loop.step();
  return await loop.checkpoint();
}

for (const [optimizer, run] of Object.entries(RUNS)) {
  segments
    .case('same-bits', { optimizer: [optimizer] })
    .tier('full')
    .desc(
      'Four captured steps without clipping, with a scaled loss in float16, where the second overflows: three segments end with the bits of one, and a state of the one is taken over by the other.',
    )
    .control(run.control[0], (fault) => fault.host('train.update_stages', () => run.control[1]))
    .run(async (t) => {
      using one = dropping(t);
      using three = segmented(t);
      const whole = await half(t, one, run);
      const parts = await half(t, three, run);
      const taken = whole.tensors['steps']?.data[0];
      t.expect(taken === (run.scaled ? 1 : undefined), () => `${taken} of two steps were taken`);
      t.expectEqual('state after two steps', numbersOf(parts), numbersOf(whole));
      const end = numbersOf(await half(t, one, run, parts));
      t.expectEqual('state after four', numbersOf(await half(t, three, run, whole)), end);
    });
}

segments
  .case('overflow', { segment: [1, 2, 3] })
  .tier('full')
  .desc(
    'Where no gradient is infinite each parameter takes its step; one of one segment leaves the bits of all parameters, and halves the scale.',
  )
  .control(UNSEEN[0], (fault) => fault.host('train.update_stages', () => UNSEEN[1]))
  .run(async (t) => {
    using scope = new Scope();
    const { parameters } = scope.add(segmented(t));
    const params = { optimizer: 'sgd', lr: 1 } as const;
    const options = { grad_scaler: { init_scale: 2 } };
    const optimizer = scope.add(new Optimizer(t.gpu, parameters, params, options));
    for (const isTaken of [true, false]) {
      const gradients = parameters.names.map((name, i) => {
        const parameter = parameters.view(name);
        // Each segment has two parameters.
        const isInfinite = !isTaken && i === 2 * t.params.segment - 1;
        const values = new Float32Array(parameter.size).fill(1);
        if (isInfinite) values.fill(Number.POSITIVE_INFINITY, -1);
        const host = hostTensorFrom('f32', parameter.shape, values);
        return [parameter, scope.add(Tensor.from(t.gpu, host))] as const;
      });
      const before = await parameters.read();
      optimizer.advance();
      optimizer.update(new Map(gradients));
      const after = await parameters.read();
      for (const name of parameters.names) {
        const { shape, data } = before[name] as HostTensor;
        const truth = Float64Array.from(data, (x) => Math.fround(x - Number(isTaken) / 2));
        const actual = { shape, data: valuesOf(after[name] as HostTensor) };
        t.expectEqual(`${name}, taken ${isTaken}`, actual, { shape, data: truth });
      }
      const scale = (await optimizer.read()).tensors['scale']?.data[0];
      t.expect(scale === (isTaken ? 2 : 1), () => `the scale is ${scale}`);
    }
  });

/** A largest norm that every step exceeds. */
const clipped: Setting = {
  ...SETTINGS.accumulated,
  recipe: { ...SETTINGS.accumulated.recipe, clip: 0.01 },
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
      using optimizer = accumulatedOptimizer(t, model, clipped.recipe.clip);
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
    using optimizer = accumulatedOptimizer(t, model, clipped.recipe.clip);
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
