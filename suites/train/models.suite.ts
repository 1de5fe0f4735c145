import { Tape } from '../../src/autograd/tape.ts';
import type { Draw, Examples } from '../../src/data/examples.ts';
import { drawMajorities, MAJORITY_TOKENS } from '../../src/data/majorities.ts';
import { drawRepeats, REPEAT_LENGTH, REPEAT_TOKENS } from '../../src/data/repeats.ts';
import { drawSpirals } from '../../src/data/spirals.ts';
import { drawStrokes, STROKE_CLASSES } from '../../src/data/strokes.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Application } from '../../src/graph/call.ts';
import { ConvNet } from '../../src/models/conv-net/conv-net.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import type { Model } from '../../src/models/model.ts';
import { SequenceClassifier } from '../../src/models/sequence-classifier/sequence-classifier.ts';
import { Transformer } from '../../src/models/transformer/transformer.ts';
import { batchNorm } from '../../src/ops/nn/batch_norm.ts';
import type { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { binomialCriticalValue } from '../../src/testing/binomial-critical-value.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { faultsOf } from '../../src/testing/fault.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { type Control, suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';
import { isAsked } from '../../src/vocabulary/nn/loss.ts';

export const modelsSuite = suite('train.models', {
  description:
    'Networks of several kinds learn tasks that the project makes, captured, with steps judged op by op',
});

/** A network, its task, and how it is trained. */
interface Lesson {
  /** Who does what, in a sentence. */
  readonly task: string;
  readonly control: Control;
  readonly build: (gpu: Gpu, random: Random) => Model;
  readonly draw: Draw;
  readonly steps: number;
  readonly batchSize: number;
  readonly lr: number;
  /** Held-out examples. */
  readonly heldout: number;
}

const LESSONS: Readonly<Record<string, Lesson>> = {
  mlp: {
    task: 'A perceptron tells the two arms of a spiral apart.',
    control: {
      name: 'labels of the neighbours',
      faults: faultsOf((fault) =>
        fault.host('train.draw_batch', (original) => (...args) => {
          const { inputs, labels } = original(...args);
          return {
            inputs,
            labels: { ...labels, data: Int32Array.of(...labels.data.slice(1), labels.data[0]) },
          };
        }),
      ),
    },
    build: (gpu, random) => new Mlp(gpu, { inFeatures: 2, hidden: 24, classes: 2 }, random),
    draw: drawSpirals,
    steps: 120,
    batchSize: 32,
    lr: 0.01,
    heldout: 1024,
  },
  transformer: {
    task: 'A block as Llama has it continues sequences that repeat.',
    control: {
      name: 'gradients with gate and up exchanged',
      faults: faultsOf((fault) =>
        fault.launch('swiglu_mlp.backward', ([gpu, context, variant]) => {
          const { gate, up } = context.inputs;
          return [gpu, { ...context, inputs: { ...context.inputs, gate: up, up: gate } }, variant];
        }),
      ),
    },
    build: (gpu, random) =>
      new Transformer(
        gpu,
        {
          vocab: REPEAT_TOKENS,
          length: REPEAT_LENGTH,
          heads: 2,
          kvHeads: 1,
          headDim: 8,
          inner: 24,
        },
        random,
      ),
    draw: drawRepeats,
    steps: 100,
    batchSize: 8,
    lr: 0.01,
    heldout: 64,
  },
  convnet: {
    task: 'A convolutional network tells the directions of strokes.',
    control: {
      name: 'statistics of the batch held for constants',
      faults: faultsOf((fault) =>
        fault.launch('batch_norm.backward', ([gpu, context, variant]) => [
          gpu,
          { ...context, params: { ...context.params, training: false } },
          variant,
        ]),
      ),
    },
    build: (gpu, random) =>
      new ConvNet(gpu, { channels: [1, 8, 12], classes: STROKE_CLASSES }, random),
    draw: drawStrokes,
    steps: 64,
    batchSize: 12,
    lr: 0.01,
    heldout: 256,
  },
  classifier: {
    task: 'An encoder finds which of two kinds of token is more frequent in a padded sequence.',
    control: {
      name: 'gradients through another mask of dropout',
      faults: faultsOf((fault) =>
        fault.launch('dropout.backward', ([gpu, context, variant]) => [
          gpu,
          { ...context, params: { ...context.params, seed: context.params.seed + 1 } },
          variant,
        ]),
      ),
    },
    build: (gpu, random) =>
      new SequenceClassifier(
        gpu,
        { vocab: MAJORITY_TOKENS, heads: 2, headDim: 8, classes: 2, dropout: 0.1 },
        random,
      ),
    draw: drawMajorities,
    steps: 64,
    batchSize: 12,
    lr: 0.01,
    heldout: 512,
  },
};

/** How often the most frequent label occurs: what a predictor that looks at nothing reaches. */
function constantAccuracy({ labels }: Examples): number {
  const counts = new Map<number, number>();
  for (const label of labels.data)
    if (isAsked(label)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const all = [...counts.values()];
  return Math.max(...all) / all.reduce((sum, count) => sum + count, 0);
}

/** Steps of the frozen run: few show that nothing changes. */
const FROZEN_STEPS = 3;

/**
 * Learns in `steps` steps; those in `judged` are judged, the others replayed, and asks what was
 * learnt.
 */
async function learn(
  t: CaseContext,
  { build, draw, batchSize, lr, heldout }: Lesson,
  steps: number,
  judged: ReadonlySet<number>,
) {
  const optimizer = { optimizer: 'adamw', lr, weight_decay: 0 } as const;
  const config = { draw, batchSize, optimizer, seed: t.seed };
  using model = build(t.gpu, t.random(1));
  using frozenModel = build(t.gpu, t.random(1));
  using learner = new Learner(t.gpu, model, config);
  using frozen = new Learner(t.gpu, frozenModel, { ...config, optimizer: { ...optimizer, lr: 0 } });
  for (let step = 0; step < FROZEN_STEPS; step++) await frozen.judgedStep(async () => undefined);
  await learner.capture();
  let submits = 0;
  for (let step = 1; step <= steps; step++) {
    if (judged.has(step)) {
      await learner.judgedStep(
        async (applications) => void (await judgeApplications(t, step, applications)),
      );
    } else {
      const before = t.gpu.recorder.submits;
      await learner.step();
      submits += t.gpu.recorder.submits - before;
    }
  }
  t.expect(
    submits === steps - judged.size,
    () => `${steps - judged.size} replayed steps took ${submits} submits`,
  );
  const examples = draw(heldout, t.random(2));
  const after = await learner.score(examples);
  const control = await frozen.score(examples);
  // Half of what there is to learn: the tasks have no noise in their labels, so that all answers
  // can be right.
  const least = binomialCriticalValue(after.asked, (1 + constantAccuracy(examples)) / 2);
  t.metric('accuracy', after.right / after.asked);
  t.metric('frozenAccuracy', control.right / control.asked);
  t.metric('leastAccuracy', least / after.asked);
  t.expect(
    after.right >= least,
    () => `${after.right} of ${after.asked} held-out answers are right, and ${least} should be`,
    'not-learnt',
  );
  t.expect(
    control.right < least,
    () =>
      `the frozen run has ${control.right} answers right, and learning was to be shown by ${least}`,
  );
}

for (const [name, lesson] of Object.entries(LESSONS)) {
  for (const laps of [1, 4]) {
    const steps = laps * lesson.steps;
    modelsSuite
      .case(name, { steps: [steps] })
      .tier('full')
      .timeout(laps * 60_000)
      .desc(
        `${lesson.task} So many held-out answers must be right that luck apart (one in 10^9) more than half is learnt of what the most frequent answer misses, and the frozen run must miss it; every op of the first, middle and last step is within its bound, and the steps between are replayed, one submit each.`,
      )
      .control(lesson.control.name, lesson.control.faults)
      .run((t) => learn(t, lesson, steps, new Set([1, Math.ceil(steps / 2), steps])));
  }
  modelsSuite
    .case('every-step', { model: [name] })
    .tier('full')
    .timeout(240_000)
    .desc(
      `${lesson.task} Every op of every step is within its bound, from the very inputs that the device had, and as much is learnt as in replayed steps.`,
    )
    .control(lesson.control.name, lesson.control.faults)
    .run((t) =>
      learn(
        t,
        lesson,
        lesson.steps,
        new Set(Array.from({ length: lesson.steps }, (_, i) => i + 1)),
      ),
    );
}

modelsSuite
  .case('initial-statistics')
  .desc(
    'Outside of training a convolutional network that has seen nothing normalizes by means of 0 and variances of 1.',
  )
  .control('every number one larger', (fault) =>
    fault.host(
      'tensor.hostTensorFrom',
      (original) => (dtype, shape, values) =>
        original(
          dtype,
          shape,
          Array.from(values as readonly number[], (x) => x + 1),
        ),
    ),
  )
  .run(async (t) => {
    using model = new ConvNet(t.gpu, { channels: [1, 3, 2], classes: 2 }, t.random());
    using x = Tensor.zeros(t.gpu, [1, 1, 4, 4]);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [], { trace });
    model.forward(tape, { x });
    const normalizations = trace.filter(({ op }) => op === batchNorm.signature);
    t.expect(normalizations.length === 2, () => `${normalizations.length} normalizations ran`);
    for (const { layer, inputs } of normalizations) {
      for (const [name, value] of [
        ['running_mean', 0],
        ['running_var', 1],
      ] as const) {
        const { shape, data } = await (inputs[name] as Tensor).read();
        t.expectEqual(
          `${name} of ${layer}`,
          { shape, data: Float64Array.from(data) },
          { shape, data: new Float64Array(data.length).fill(value) },
        );
      }
    }
  });
