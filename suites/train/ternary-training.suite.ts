import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { CLUSTER_CLASSES, CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import { ternaryLinear } from '../../src/models/ternary-linear.ts';
import { TernaryMlp } from '../../src/models/ternary-mlp/ternary-mlp.ts';
import { mul } from '../../src/ops/math/mul.ts';
import { reduceMean } from '../../src/ops/math/reduce_mean.ts';
import { sub } from '../../src/ops/math/sub.ts';
import { packTrits, unpackTrits } from '../../src/quant/ternary/trits.ts';
import { product, productBound } from '../../src/reference/matmul/product.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import type { Judge } from '../../src/train/stage.ts';
import { normalTensor } from './tensors.ts';

export const ternaryTrainingSuite = suite('train.ternary', {
  description: 'Layers of ternary weights are trained through float weights behind them',
});

const ROWS = 256;
const IN = 32;
const OUT = 16;
const SHAPE = [OUT, IN];
const TEACHER_SCALE = 0.5;
const STEPS = 50;

/** What fitting a layer to another one gave. */
interface Lesson {
  readonly losses: readonly number[];
  /** Trits of the teacher, and of the pupil after the last step. */
  readonly teacher: Float64Array;
  readonly pupil: Float64Array;
  readonly x: Value;
  readonly steps: readonly LessonStep[];
}

/** What the layer did at one step. */
interface LessonStep {
  /** Bytes that it packed, and those of its float weights at that moment. */
  readonly packed: string;
  readonly now: string;
  /** The trits of its float weights times their scale, and what it made of the inputs. */
  readonly weight: Value;
  readonly y: Value;
}

/** Fits a layer to what a layer of drawn trits makes of drawn inputs. */
async function learn(t: CaseContext): Promise<Lesson> {
  const random = t.random(1);
  const teacher = random.fill(OUT * IN, () => random.integer(-1, 1));
  const xHost = normalTensor(t, 2, [ROWS, IN]);
  const weight = { shape: SHAPE, data: teacher.map((trit) => trit * TEACHER_SCALE) };
  const target = product({ shape: [ROWS, IN], data: valuesOf(xHost) }, weight, false, true);
  using x = Tensor.from(t.gpu, xHost);
  using wanted = Tensor.from(t.gpu, hostTensorFrom('f32', [ROWS, OUT], target.data));
  using one = Tensor.from(t.gpu, hostTensorFrom('f32', [1, 1], [1]));
  const initial = new Map([['weight', normalTensor(t, 3, SHAPE, 0.1)]]);
  using parameters = new FlatParameters(t.gpu, initial);
  using optimizer = new Optimizer(t.gpu, parameters, { optimizer: 'adam', lr: 0.05 });
  const latent = parameters.view('weight');
  const losses: number[] = [];
  const steps: LessonStep[] = [];
  let pupil = new Float64Array();
  for (let step = 0; step <= STEPS; step++) {
    using tape = new Tape(t.gpu, [latent]);
    const { y, packed, threshold, scale } = ternaryLinear(tape, 'layer', x, { weight: latent });
    const off = tape.apply(sub, { a: y, b: wanted }, {}, 'difference').y;
    const square = tape.apply(mul, { a: off, b: off }, {}, 'square').y;
    const loss = tape.apply(reduceMean, { x: square }, { axes: [0, 1] }, 'mean').y;
    losses.push((await loss.read()).data[0] as number);
    const limit = (await threshold.read()).data[0] as number;
    pupil = valuesOf(await latent.read()).map((w) => (Math.abs(w) > limit ? Math.sign(w) : 0));
    const factor = (await scale.read()).data[0] as number;
    steps.push({
      packed: String((await packed.read()).data),
      now: String(packTrits(pupil)),
      weight: { shape: SHAPE, data: pupil.map((trit) => trit * factor) },
      y: { shape: [ROWS, OUT], data: valuesOf(await y.read()) },
    });
    if (step === STEPS) break;
    const gradients = tape.backward(loss, one);
    optimizer.advance();
    optimizer.update(gradients);
  }
  return { losses, teacher, pupil, x: { shape: [ROWS, IN], data: valuesOf(xHost) }, steps };
}

function uphill(fault: FaultDeclaration): void {
  fault.shader('optim/adamw_step', '- step.size', '+ step.size');
}

const LOOP = 'triton.compiler.custom-layer-training-loop';

ternaryTrainingSuite
  .case('loss')
  .tier('full')
  .covers(`${LOOP}/loss-falls`)
  .desc('50 steps of Adam on the float weights take at least four fifths of the loss away.')
  .control('steps uphill', uphill)
  .run(async (t) => {
    const { losses } = await learn(t);
    t.series('loss', losses);
    const first = losses[0] as number;
    const last = losses.at(-1) as number;
    t.expect(last <= 0.2 * first, () => `the loss goes from ${first} to ${last}`, 'not-learnt');
  });

ternaryTrainingSuite
  .case('trits')
  .tier('full')
  .covers(`${LOOP}/trits-recovered`)
  .desc('After 50 steps nine of ten trits are those of the layer that made the answers.')
  .control('steps uphill', uphill)
  .run(async (t) => {
    const { teacher, pupil } = await learn(t);
    const right = pupil.filter((trit, i) => trit === teacher[i]).length / teacher.length;
    t.metric('recovered', right);
    t.expect(right >= 0.9, () => `${right} of the trits are recovered`, 'not-learnt');
  });

ternaryTrainingSuite
  .case('requantized')
  .tier('full')
  .covers(`${LOOP}/requantized-each-step`)
  .desc(
    'At each of 50 steps the layer uses the packed trits of its float weights as they are then; they change from step to step.',
  )
  .control('trits of weights a tenth lower', (fault) =>
    fault.shader(
      'quant/ternary_encode',
      'var limit = thresholds_at(4u * out, one)',
      'var limit = 0.9 * thresholds_at(4u * out, one)',
    ),
  )
  .run(async (t) => {
    const { x, steps } = await learn(t);
    const stale = steps.findIndex(({ packed, now }) => packed !== now);
    t.expect(stale < 0, () => `at step ${stale} other trits are packed than the weights have`);
    const different = new Set(steps.map(({ packed }) => packed)).size;
    t.expect(different > STEPS / 2, () => `${different} different trits were used`);
    for (const [step, { weight, y }] of steps.entries()) {
      const { bound } = productBound(x, weight, false, true, (terms) => terms);
      const expected = product(x, weight, false, true);
      t.expectAccepted(`y of step ${step}`, y, expected, { kind: 'within', bound });
    }
  });

ternaryTrainingSuite
  .case('no-parameters')
  .covers(`${LOOP}/empty-parameter-list`, 'triton.training.quantized-model/no-parameters-error')
  .desc(
    'An optimizer of no parameters, as a layer of fixed trits has none to train, is refused with the code no-parameters.',
  )
  .control('none are enough', (fault) =>
    fault.host('train.check_parameters', () => () => undefined),
  )
  .run(async (t) => {
    using none = new FlatParameters(t.gpu, new Map());
    for (const optimizer of ['adam', 'sgd'] as const) {
      const code = codeOf(() => {
        using made = new Optimizer(t.gpu, none, { optimizer });
        made.advance();
      });
      t.expect(code === 'no-parameters', () => `${optimizer} without parameters gives ${code}`);
    }
  });

const QAT_STEPS = 300;
const EVERY = 50;
const MODEL = 'triton.training.quantized-model';

function network(t: CaseContext): TernaryMlp {
  const sizes = { inFeatures: CLUSTER_FEATURES, hidden: 48, classes: CLUSTER_CLASSES };
  return new TernaryMlp(t.gpu, sizes, t.random(1));
}

/**
 * Takes 300 steps of ten classes that planes part; `judge` is shown every 50th, and `look` is
 * awaited after it.
 */
async function train(
  t: CaseContext,
  model: TernaryMlp,
  look: (learner: Learner) => Promise<void>,
  judge: Judge = () => Promise.resolve(),
): Promise<void> {
  using learner = new Learner(t.gpu, model, {
    draw: drawClusters,
    batchSize: 32,
    optimizer: { optimizer: 'adam', lr: 0.01 },
    seed: t.seed,
  });
  await learner.capture();
  for (let step = 1; step <= QAT_STEPS; step++) {
    if (step % EVERY > 0) {
      await learner.step();
      continue;
    }
    await learner.judgedStep(judge);
    await look(learner);
  }
}

ternaryTrainingSuite
  .case('network')
  .tier('full')
  .timeout(60_000)
  .covers(`${MODEL}/separable-accuracy`)
  .desc(
    'After 300 steps a perceptron of ternary weights gives nine of ten right answers to examples of ten classes that planes part.',
  )
  .control('steps uphill', uphill)
  .run(async (t) => {
    using model = network(t);
    let accuracy = 0;
    await train(t, model, async (learner) => {
      const { right, asked } = await learner.score(drawClusters(512, t.random(2)));
      accuracy = right / asked;
    });
    t.metric('accuracy', accuracy);
    t.expect(accuracy >= 0.9, () => `${accuracy} of the answers are right`, 'not-learnt');
  });

ternaryTrainingSuite
  .case('stays-ternary')
  .tier('full')
  .timeout(60_000)
  .covers(`${MODEL}/weights-stay-ternary`)
  .desc(
    'At every 50th of 300 steps the packed weights of all linears are codes of -1, 0 and 1, and each of the three occurs; they are those that the step makes, which multiplies by -s, 0 and s.',
  )
  .control('a code that stands for nothing', (fault) =>
    fault.shader(
      'quant/ternary_pack',
      '(four + 0x01010101u) & 0x03030303u',
      '(four + 0x02020202u) & 0x03030303u',
    ),
  )
  .run(async (t) => {
    using model = network(t);
    let seen = 0;
    let multiplied = 0;
    const judge: Judge = async (applications) => {
      const now = await model.packed();
      for (const { op, layer, inputs, outputs, grads } of applications) {
        const kept = layer.endsWith('.quantize') ? outputs['packed'] : undefined;
        if (kept) {
          const same = String((await kept.read()).data) === String(now[layer.split('.')[0] ?? '']);
          t.expect(same, () => `${layer}: the step has other packed weights than the model`);
        }
        if (op.name !== 'matmul' || grads) continue;
        const weights = new Set(valuesOf(await (inputs['b'] as Tensor).read()));
        const [low, middle, high] = [...weights].sort((a, b) => a - b);
        t.expect(
          weights.size === 3 && middle === 0 && low === -(high as number),
          () => `${layer} multiplies by ${weights.size} weights: ${low}, ${middle}, ${high}`,
        );
        multiplied += 1;
      }
    };
    const look = async () => {
      for (const [name, bytes] of Object.entries(await model.packed())) {
        const { size } = model.parameters.view(`${name}.weight`);
        const code = codeOf(() => unpackTrits(bytes, size));
        t.expect(code === 'none', () => `${name} has packed weights that are not ternary: ${code}`);
        const kinds = new Set(unpackTrits(bytes, size));
        t.expect(kinds.size === 3, () => `${name} has only the weights ${[...kinds].join(', ')}`);
      }
      seen += 1;
    };
    await train(t, model, look, judge);
    t.expect(seen === QAT_STEPS / EVERY, () => `the weights were looked at ${seen} times`);
    t.expect(multiplied === 3 * seen, () => `${multiplied} products were looked at`);
  });
