import { Tape } from '../../src/autograd/tape.ts';
import type { Initial } from '../../src/models/initial.ts';
import { Layers } from '../../src/models/layers.ts';
import type { DeviceWeight } from '../../src/quantizer/coding.ts';
import type { LayerOptions } from '../../src/quantizer/policy.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { score } from '../../src/train/score.ts';
import { quantizerOf } from './drawn.ts';
import {
  examplesOf,
  GivenPerceptron,
  heldOut,
  LAYERS,
  TernaryPerceptron,
  taught,
  trainedPerceptron,
} from './trained.ts';

export const quantizedTrained = suite('quantizer.trained', {
  description: 'What is left of a trained network when its weights are quantized',
});

const ROW = 'triton.quantization';
/** Enough to part the clusters. */
const LESSON = { draw: examplesOf(1), steps: 60, lr: 0.01 };

/** Cosine of two tensors as vectors, and the root mean square of their difference over the second's. */
function likeness(actual: Float64Array, expected: Float64Array) {
  const dot = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, one, i) => sum + one * (b[i] as number), 0);
  const off = actual.map((a, i) => a - (expected[i] as number));
  const norm = Math.sqrt(dot(expected, expected));
  return {
    cosine: dot(actual, expected) / (Math.sqrt(dot(actual, actual)) * norm),
    error: Math.sqrt(dot(off, off)) / norm,
  };
}

/**
 * Outputs of each linear by trits with a scale a channel, and by the same trits alone, beside those
 * in floats; all on what the network in floats gives the linear.
 */
async function layersOf(t: CaseContext) {
  const { values, accuracy } = await trainedPerceptron(t, LESSON);
  t.metric('float-accuracy', accuracy);
  using float = new GivenPerceptron(t.gpu, values);
  using model = new GivenPerceptron(t.gpu, values);
  quantizerOf(t, { method: 'ternary' }).quantizeModel(model);
  using x = Tensor.from(t.gpu, LESSON.draw(64, t.random(3)).inputs['x'] as never);
  using tape = new Tape(t.gpu);
  const { first, hidden, logits } = float.layers(tape, x);
  const given = { fc1: [x, first], fc2: [hidden, logits] } as const;
  const outputs = async (layer: (typeof LAYERS)[number]) =>
    valuesOf(await new Layers(tape, model.values).linear(layer, given[layer][0]).read());
  const found = [];
  for (const name of LAYERS) {
    const expected = valuesOf(await given[name][1].read());
    const scaled = likeness(await outputs(name), expected);
    const { scale } = (model.values.view(`${name}.weight`) as DeviceWeight).parts as {
      readonly scale: Tensor;
    };
    scale.write(hostTensorFrom('f32', scale.shape, new Float64Array(scale.size).fill(1)));
    found.push({ name, scaled, bare: likeness(await outputs(name), expected) });
  }
  return found;
}

quantizedTrained
  .case('layers')
  .tier('full')
  .covers(`${ROW}.output-similarity/layer-cosine`, `${ROW}.output-similarity/layer-error-reported`)
  .desc(
    'Of a trained network the outputs of each linear by trits with a scale a channel have a cosine of 0.85 or more to those in floats, and an error below that of no output at all, which is reported.',
  )
  .control('trits of the other sign', (fault) =>
    fault.shader(
      'quant/ternary_pack',
      '(four + 0x01010101u) & 0x03030303u',
      '(0x05050505u - four) & 0x03030303u',
    ),
  )
  .run(async (t) => {
    for (const { name, scaled } of await layersOf(t)) {
      t.metric(`${name}-cosine`, scaled.cosine);
      t.metric(`${name}-error`, scaled.error);
      t.expect(scaled.cosine >= 0.85, () => `the cosine of ${name} is ${scaled.cosine}`);
      t.expect(scaled.error < 1, () => `the outputs of ${name} are ${scaled.error} off`);
    }
  });

quantizedTrained
  .case('scales')
  .tier('full')
  .covers(`${ROW}.output-similarity/scales-raise-cosine`)
  .desc(
    'With a scale a channel the outputs of each linear of a trained network are nearer to those in floats, by their cosine, than those of the trits alone.',
  )
  .control('every channel has the same scale', (fault) =>
    fault.host('quantizer.kept', (original) => (part, shape) => {
      const made = original(part, shape);
      if (part.dtype === 'f32')
        made.write(hostTensorFrom('f32', shape, new Float64Array(made.size).fill(1)));
      return made;
    }),
  )
  .run(async (t) => {
    for (const { name, scaled, bare } of await layersOf(t)) {
      t.metric(`${name}-cosine`, scaled.cosine);
      t.metric(`${name}-cosine-of-trits`, bare.cosine);
      t.expect(
        scaled.cosine > bare.cosine,
        () => `the cosine of ${name} is ${scaled.cosine}, and ${bare.cosine} without scales`,
      );
    }
  });

/** What the catalog compares. */
const SCHEMES = {
  fp16: { method: 'f16' },
  int8: { method: 'int8' },
  hqq4: { method: 'hqq', bits: 4 },
  nf4: { method: 'nf4' },
  hqq3: { method: 'hqq', bits: 3 },
  hqq2: { method: 'hqq', bits: 2 },
  ternary: { method: 'ternary' },
} satisfies Readonly<Record<string, LayerOptions>>;

/** Of the network; it has 138 outputs, and 148 groups of 64. */
const WEIGHTS = 9472;

/** Codes and scales, by hand; hqq has a zero beside each scale. */
const STORED_BITS: Readonly<Record<keyof typeof SCHEMES, number>> = {
  fp16: 16 * WEIGHTS,
  int8: 8 * WEIGHTS + 32 * 138,
  hqq4: 4 * WEIGHTS + 64 * 148,
  nf4: 4 * WEIGHTS + 32 * 148,
  hqq3: 32 * 64 * (13 + 2) + 64 * 148, // ten codes a word: 128 and 20 groups are 13 and 2
  hqq2: 2 * WEIGHTS + 64 * 148,
  ternary: 2 * WEIGHTS + 32 * 138,
};

/** What the table tells of a scheme. */
interface Line {
  /** Stored bits a weight. */
  readonly bits: number;
  /** Mean square of the logits' error. */
  readonly mse: number;
  /** Share of right answers. */
  readonly accuracy: number;
}

async function lineOf(
  t: CaseContext,
  values: Initial,
  exact: Float64Array,
  options: LayerOptions,
): Promise<Line> {
  using model = new GivenPerceptron(t.gpu, values);
  const { layers } = quantizerOf(t, options).quantizeModel(model);
  const sum = (of: (layer: (typeof layers)[number]) => number) =>
    layers.reduce((all, layer) => all + of(layer), 0);
  const examples = heldOut(t, LESSON.draw);
  using x = Tensor.from(t.gpu, examples.inputs['x'] as never);
  using tape = new Tape(t.gpu);
  const logits = valuesOf(await model.forward(tape, { x }).read());
  const { right, asked } = await score(t.gpu, model, examples);
  return {
    bits: (8 * sum(({ bytesAfter }) => bytesAfter)) / WEIGHTS,
    mse: logits.reduce((all, y, i) => all + (y - (exact[i] as number)) ** 2, 0) / logits.length,
    accuracy: right / asked,
  };
}

quantizedTrained
  .case('tradeoff')
  .tier('full')
  .timeout(60_000)
  .covers(`${ROW}.accuracy-compression-tradeoff/pareto-table`)
  .desc(
    'Of a trained network a table tells for fp16, int8, hqq of 4, 3 and 2 bits, nf4 and ternary the measured bits a weight, the mean square error of the logits and the share of right answers: bits are those that are stored, and fp16 is nearest to floats.',
  )
  .control('halves of zeros', (fault) =>
    fault.host('quantizer.kept', (original) => (part, shape) => {
      const zeros = hostTensorFrom('f16', shape, new Float64Array(part.size));
      return part.dtype === 'f16' ? Tensor.from(part.gpu, zeros) : original(part, shape);
    }),
  )
  .run(async (t) => {
    const { values, accuracy } = await trainedPerceptron(t, LESSON);
    t.metric('float-accuracy', accuracy);
    using float = new GivenPerceptron(t.gpu, values);
    using x = Tensor.from(t.gpu, heldOut(t, LESSON.draw).inputs['x'] as never);
    using tape = new Tape(t.gpu);
    const exact = valuesOf(await float.forward(tape, { x }).read());
    const lines = new Map<string, Line>();
    for (const [name, options] of Object.entries(SCHEMES)) {
      const line = await lineOf(t, values, exact, options);
      lines.set(name, line);
      for (const [figure, value] of Object.entries(line)) {
        t.metric(`${name}-${figure}`, value);
        t.expect(Number.isFinite(value) && value > 0, () => `${figure} of ${name} is ${value}`);
      }
    }
    for (const [name, bits] of Object.entries(STORED_BITS)) {
      const told = lines.get(name)?.bits;
      t.expect(told === bits / WEIGHTS, () => `${name} has ${told} bits a weight`);
    }
    const [nearest] = [...lines].sort(([, one], [, other]) => one.mse - other.mse);
    t.expect(nearest?.[0] === 'fp16', () => `${nearest?.[0]} is nearer to floats than fp16`);
  });

/** Numbers that tell nothing go as far as those that do: trits lose more. */
const HARDER = { ...LESSON, draw: examplesOf(2) };

quantizedTrained
  .case('fine-tuning')
  .tier('full')
  .timeout(60_000)
  .covers(`${ROW}.model-functional/fine-tuning-recovers`)
  .desc(
    'A trained network of 64-128-10 loses right answers as trits, which is reported; 100 steps with trits in every pass bring back at least nine tenths of what floats have right.',
  )
  .control('trits stand for nothing', (fault) =>
    fault.host('ternary_quantize.forward', (original) => (...args) => {
      const made = original(...args);
      const { dequant } = made;
      dequant.write(hostTensorFrom('f32', dequant.shape, new Float64Array(dequant.size)));
      return made;
    }),
  )
  .run(async (t) => {
    const { values, accuracy } = await trainedPerceptron(t, HARDER);
    using model = new TernaryPerceptron(t.gpu, values);
    const { right, asked } = await score(t.gpu, model, heldOut(t, HARDER.draw));
    const before = right / asked;
    const after = await taught(t, model, { ...HARDER, steps: 100, lr: HARDER.lr / 10 });
    t.series('right answers: floats, trits, trits after 100 steps', [accuracy, before, after]);
    const least = 0.9 * accuracy;
    t.expect(accuracy >= 0.9, () => `floats have ${accuracy} right: they have not learnt`);
    t.expect(before < least, () => `${before} are right as they are: nothing is to be recovered`);
    t.expect(after >= least, () => `${after} are right, and ${accuracy} of floats`);
  });
