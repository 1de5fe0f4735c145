import type { Draw, Examples } from '../../src/data/examples.ts';
import { drawSpirals } from '../../src/data/spirals.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';
import type { OptimizerState } from '../../src/train/optimizer.ts';
import { score } from '../../src/train/score.ts';

export const overflowingStep = suite('train.overflowing-step', {
  description: 'A perceptron in float16 with a loss scale of its own; one step is made to overflow',
});

const SCALE = 1024;
const GROWTH_INTERVAL = 10;
/** The step whose inputs are beyond float16. */
const OVERFLOW_STEP = 7;
const STEPS = 80;
/** The catalog's limit of the final loss, as a share of that in float32. */
const LOSS_SHARE = 0.03;

/** One label in so many is wrong: the loss has a floor, so that a share of it means something. */
const WRONG_ONE_IN = 8;

const drawPoints: Draw = (count, random) => {
  const { inputs, labels } = drawSpirals(count, random);
  const data = Int32Array.from(labels.data, (label) =>
    random.integer(1, WRONG_ONE_IN) === 1 ? 1 - label : label,
  );
  return { inputs, labels: { ...labels, data } };
};

/** Such points; those of one step lie so far out that float16 does not reach them. */
function drawWithOverflow(at: number): Draw {
  let step = 0;
  return (count, random) => {
    step += 1;
    const { inputs, labels } = drawPoints(count, random);
    return step === at ? { inputs: { x: farther(inputs) }, labels } : { inputs, labels };
  };
}

function farther({ x }: Examples['inputs']) {
  if (!x) throw new TypeError('spirals have points');
  return { ...x, data: Float32Array.from(x.data, (value) => 1e6 * value) };
}

/** A run, with what the learner keeps after each of its steps. */
async function run(
  t: CaseContext,
  steps: number,
  half: boolean,
  afterStep: (step: number, learner: Learner) => Promise<void> | void = () => undefined,
): Promise<number> {
  using model = new Mlp(t.gpu, { inFeatures: 2, hidden: 24, classes: 2 }, t.random(1));
  using learner = new Learner(t.gpu, model, {
    draw: half ? drawWithOverflow(OVERFLOW_STEP) : drawPoints,
    batchSize: 32,
    optimizer: { optimizer: 'adamw', lr: 0.02 },
    schedule: { name: 'cosine', total: STEPS },
    seed: t.seed,
    ...(half && {
      autocast: 'float16',
      grad_scaler: { init_scale: SCALE, growth_interval: GROWTH_INTERVAL },
    }),
  });
  for (let step = 1; step <= steps; step++) {
    await learner.judgedStep(async () => undefined);
    await afterStep(step, learner);
  }
  return (await score(t.gpu, model, drawPoints(256, t.random(2)))).loss;
}

function scaleOf({ tensors }: OptimizerState): number {
  return Number(tensors['scale']?.data[0]);
}

/** The states after the steps from `from` to `to`. */
async function statesBetween(t: CaseContext, from: number, to: number): Promise<OptimizerState[]> {
  const states: OptimizerState[] = [];
  await run(t, to, true, async (step, learner) => {
    if (step >= from) states.push(await learner.checkpoint());
  });
  return states;
}

/** The bits of a tensor, as text to compare. */
function bitsOf({ tensors }: OptimizerState, name: string): string {
  return String(new Uint32Array((tensors[name] as HostTensor).data.slice().buffer));
}

function infinitiesPass(fault: FaultDeclaration): void {
  fault.shader(
    'optim/amp_unscale',
    'flag = select(1.0, flag, finite)',
    'flag = select(0.0, flag, finite)',
  );
}

overflowingStep
  .case('halved-scale')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.mixed-precision-training/overflow-halves-scale')
  .desc('The overflow of step 7 halves the scale, which stood until then.')
  .control('infinities pass for numbers', infinitiesPass)
  .run(async (t) => {
    const scales = (await statesBetween(t, OVERFLOW_STEP - 1, OVERFLOW_STEP)).map(scaleOf);
    t.expect(scales.join() === `${SCALE},${SCALE / 2}`, () => `the scale was ${scales}`);
  });

overflowingStep
  .case('skipped-step')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.mixed-precision-training/skipped-step-bits')
  .desc('Step 7 leaves every bit of the weights and moments as it was; steps 6 and 8 do not.')
  .control('infinities pass for numbers', infinitiesPass)
  .run(async (t) => {
    const states = await statesBetween(t, OVERFLOW_STEP - 2, OVERFLOW_STEP + 1);
    for (const name of ['param', 'exp_avg', 'exp_avg_sq']) {
      const [before, at6, at7, at8] = states.map((state) => bitsOf(state, name));
      t.expect(at7 === at6, () => `${name} changed in a step that overflowed`);
      t.expect(before !== at6 && at7 !== at8, () => `${name} stays in a step that did not`);
    }
  });

overflowingStep
  .case('doubled-scale')
  .tier('full')
  .timeout(120_000)
  .covers('tb.hardware.mixed-precision-training/scale-doubles')
  .desc(
    'Ten clean steps after the overflow, and no sooner, the scale doubles to what it was at first, and after ten more again.',
  )
  .control('infinities are found nowhere', infinitiesPass)
  .run(async (t) => {
    const states = await statesBetween(t, OVERFLOW_STEP, OVERFLOW_STEP + 2 * GROWTH_INTERVAL);
    const scales = states.map(scaleOf);
    const ten = (scale: number) => new Array<number>(GROWTH_INTERVAL).fill(scale);
    const wanted = [...ten(SCALE / 2), ...ten(SCALE), 2 * SCALE];
    t.expect(scales.join() === wanted.join(), () => `the scale was ${scales}`);
  });

overflowingStep
  .case('loss')
  .tier('full')
  .timeout(300_000)
  .covers('tb.hardware.mixed-precision-training/loss-within-3-percent')
  .desc('After 80 steps the loss on held-out points is within 3 % of that of the run in float32.')
  .control('infinities reach the weights', (fault) =>
    fault.shader(
      'optim/amp_unscale',
      'let finite = (word & MAGNITUDE) < INFINITY;',
      'let finite = true;',
    ),
  )
  .run(async (t) => {
    const single = await run(t, STEPS, false);
    const half = await run(t, STEPS, true);
    t.metric('float32', single);
    t.metric('float16', half);
    const untrained = Math.log(2);
    t.expect(single < 0.8 * untrained, () => `the loss in float32 is ${single}: nothing is learnt`);
    t.expect(Math.abs(half - single) <= LOSS_SHARE * single, () => `${half} and not ${single}`);
  });

overflowingStep
  .case('path')
  .tier('full')
  .timeout(120_000)
  .covers(
    'tb.hardware.mixed-precision-training/path-recorded',
    'fsdp.training.mixed-precision/path-recorded',
  )
  .desc(
    'The products of a step take float16, and the result says by which path: native where the adapter has shader-f16, elsewhere pairs of halves in words.',
  )
  .control('casts that leave float32', (fault) =>
    fault.host('cast.forward', () => (_gpu, { x }: { x: Tensor }) => ({ y: x.clone() })),
  )
  .run(async (t) => {
    const has = t.gpu.features.has('shader-f16');
    const dtypes = new Set<string>();
    using model = new Mlp(t.gpu, { inFeatures: 2, hidden: 24, classes: 2 }, t.random(1));
    using learner = new Learner(t.gpu, model, {
      draw: drawSpirals,
      batchSize: 32,
      optimizer: { optimizer: 'adamw', lr: 0.02 },
      seed: t.seed,
      autocast: 'float16',
      grad_scaler: {},
    });
    t.gpu.recorder.shaders.clear();
    await learner.judgedStep(async (applications) => {
      for (const { op, inputs } of applications)
        if (op.name === 'matmul') for (const { dtype } of Object.values(inputs)) dtypes.add(dtype);
    });
    t.expect([...dtypes].join() === 'f16', () => `products took ${[...dtypes]}`);
    const links = [...t.gpu.recorder.shaders].map(({ link = '' }) => link);
    const isNative = links.some((link) => link.startsWith('f16'));
    const isWords = links.includes('words');
    t.metric('nativeF16', Number(isNative));
    t.metric('pack2x16float', Number(!isNative));
    t.expect(isNative === has, () => `native: ${isNative}, and shader-f16: ${has}`);
    t.expect(isNative || isWords, () => 'no product read halves');
  });
