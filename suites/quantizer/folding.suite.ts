import { Tape } from '../../src/autograd/tape.ts';
import { GradproofError } from '../../src/errors.ts';
import type { Application } from '../../src/graph/call.ts';
import { ConvNet } from '../../src/models/conv-net/conv-net.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { record as conv2d } from '../../src/reference/conv/conv2d.ts';
import { record as maxPool2d } from '../../src/reference/conv/max_pool2d.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { value } from '../quant/values.ts';
import { drawn, quantizerOf } from './drawn.ts';
import { Perceptron } from './perceptron.ts';

export const folding = suite('quantizer.folding', {
  description:
    'Whole models whose batch normalizations a policy folds before weights are quantized',
});

const CNN = { channels: [3, 4, 6], classes: 5 } as const;
const FOLDING = { foldBatchNorms: true } as const;

/** The network with normalizations that change what they are given. */
async function normalizing(t: CaseContext): Promise<ConvNet> {
  const model = new ConvNet(t.gpu, CNN, t.random());
  const fill = (tensor: Tensor, stream: number, change = (x: number) => x) => {
    const data = valuesOf(drawn(t, stream, tensor.shape)).map(change);
    tensor.write(hostTensorFrom('f32', tensor.shape, data));
  };
  for (const [i, name] of ['bn1', 'bn2'].entries()) {
    for (const part of ['weight', 'bias']) {
      using given = Tensor.from(
        t.gpu,
        drawn(t, 10 * i + part.length, model.values.view(`${name}.${part}`).shape),
      );
      model.parameters.view(`${name}.${part}`).copyFrom(given);
    }
    fill(model.statistics[`${name}.running_mean`] as Tensor, 10 * i + 20);
    fill(model.statistics[`${name}.running_var`] as Tensor, 10 * i + 21, (v) => v * v + 0.1);
  }
  return model;
}

/** What a network gives, and how far another may be from it. */
interface Between {
  readonly y: Value;
  readonly off: Value;
}

/** A layer of the network in floats, folded in float64. */
interface Layer {
  readonly weight: Value;
  readonly bias: Value;
  /** What is added and taken off beside the product, in magnitudes. */
  readonly beside: Value;
}

const mapped = (x: Value, f: (x: number, i: number) => number): Value => ({
  shape: x.shape,
  data: x.data.map(f),
});
const size = (x: Value) => mapped(x, Math.abs);
const plus = (x: Value, y: Value) => mapped(x, (one, i) => one + (y.data[i] as number));
const scaled = (x: Value, factor: number) => mapped(x, (one) => factor * one);

/** A product of x and a weight, with a bias where there is one. */
type Product = (x: Value, weight: Value, bias?: Value) => Value;

const convolved: Product = (x, weight, bias) =>
  conv2d.forward({ x, weight, ...(bias && { bias }) }, { padding: [1, 1, 1, 1] }).y;
const pooled = (x: Value) => maxPool2d.forward({ x }, { kernel: [2, 2] }).y;

/** A linear is a convolution of images of one pixel. */
const multiplied: Product = (x, weight, bias) => {
  const pixel = ({ shape, data }: Value): Value => ({ shape: [...shape, 1, 1], data });
  const { shape, data } = conv2d.forward(
    { x: pixel(x), weight: pixel(weight), ...(bias && { bias }) },
    {},
  ).y;
  return { shape: shape.slice(0, 2), data };
};

/** Half a step of the codes of int8: of each output, its largest weight over 254. */
function halfSteps(weight: Value): Value {
  const width = weight.data.length / (weight.shape[0] as number);
  const sizes = size(weight).data;
  return mapped(weight, (_, i) => {
    const first = Math.floor(i / width) * width;
    return Math.max(...sizes.subarray(first, first + width)) / 254;
  });
}

/**
 * With codes d off, |w x - (w + d) (x + e)| <= |d| |x| + (|w| + |d|) |e|; and both networks round,
 * 2^-23 of the size of all that is added up for each term and each of 16 operations beside the sum.
 */
function layerOf(product: Product, { y: x, off }: Between, { weight, bias, beside }: Layer) {
  const terms = weight.data.length / (weight.shape[0] as number);
  const steps = halfSteps(weight);
  const sizes = plus(size(weight), steps);
  const coded = plus(product(size(x), steps), product(off, sizes));
  const all = product(plus(size(x), off), sizes, beside);
  return {
    y: product(x, weight, bias),
    off: plus(coded, scaled(all, 2 * (terms + 16) * EPS)),
  };
}

const relu = ({ y, off }: Between): Between => ({ y: mapped(y, (one) => Math.max(one, 0)), off });

/** Means of each channel of images. */
function means({ shape, data }: Value): Value {
  const channels = shape.slice(0, 2);
  const pixels = data.length / sizeOf(channels);
  const mean = (at: number) =>
    data.subarray(at * pixels, (at + 1) * pixels).reduce((sum, one) => sum + one, 0) / pixels;
  return {
    shape: channels,
    data: Float64Array.from({ length: sizeOf(channels) }, (_, at) => mean(at)),
  };
}

const readOf = async (model: ConvNet, name: string): Promise<Value> => {
  const tensor = model.statistics[name] ?? model.parameters.view(name);
  return value(await tensor.read());
};

/** A convolution with the normalization behind it. */
async function foldedLayer(model: ConvNet, conv: string, norm: string): Promise<Layer> {
  const of = (part: string) => readOf(model, `${norm}.${part}`);
  const weight = await readOf(model, `${conv}.weight`);
  const gains = await of('weight');
  const variance = await of('running_var');
  const factor = mapped(gains, (g, c) => g / Math.sqrt((variance.data[c] as number) + 1e-5));
  const moved = mapped(await of('running_mean'), (m, c) => -m * (factor.data[c] as number));
  const bias = await of('bias');
  const width = weight.data.length / factor.data.length;
  return {
    weight: mapped(weight, (w, i) => w * (factor.data[Math.floor(i / width)] as number)),
    bias: plus(bias, moved),
    beside: plus(size(bias), scaled(size(moved), 2)),
  };
}

/** How far the logits of the network with weights of int8 may be from those in floats. */
async function boundOf(model: ConvNet, x: Value): Promise<Float64Array> {
  const first = relu(
    layerOf(convolved, { y: x, off: scaled(x, 0) }, await foldedLayer(model, 'conv1', 'bn1')),
  );
  const between = { y: pooled(first.y), off: pooled(first.off) };
  const second = relu(layerOf(convolved, between, await foldedLayer(model, 'conv2', 'bn2')));
  const rounded = scaled(second.y, 2 * 64 * EPS);
  const mean = { y: means(second.y), off: means(plus(second.off, rounded)) };
  const weight = await readOf(model, 'fc.weight');
  const bias = await readOf(model, 'fc.bias');
  return layerOf(multiplied, mean, { weight, bias, beside: size(bias) }).off.data;
}

folding
  .case('whole-model')
  .tier('full')
  .covers('triton.quantization.preserves-batch-norm/folded-equals-unfolded')
  .desc(
    'A policy folds both normalizations of a convolutional network and three layers become int8: logits are within what the codes change of those of the network in floats.',
  )
  .control('the variance is taken for the mean', (fault) =>
    fault.host(
      'models.folded',
      (original) => (tape, weight, norm, layer) =>
        original(tape, weight, { ...norm, running_mean: norm.running_var }, layer),
    ),
  )
  .run(async (t) => {
    using float = await normalizing(t);
    using model = await normalizing(t);
    const { layers, kept, folded } = quantizerOf(t, { method: 'int8' }).quantizeModel(
      model,
      FOLDING,
    );
    t.expect(folded.join() === 'bn1,bn2', () => `folded are ${folded}`);
    const listed = layers.map(({ name }) => name).join();
    t.expect(listed === 'conv1,conv2,fc', () => `quantized are ${listed}`);
    const stayed = kept.toSorted().join();
    t.expect(stayed === 'conv1.bias,conv2.bias,fc.bias', () => `kept are ${stayed}`);

    using x = Tensor.from(t.gpu, drawn(t, 40, [2, 3, 8, 8]));
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [], { trace });
    const actual = value(await model.forward(tape, { x }).read());
    await judgeApplications(t, 0, trace);
    using floats = new Tape(t.gpu);
    const expected = value(await float.forward(floats, { x }).read());

    const bound = await boundOf(float, value(await x.read()));
    t.expectAccepted('logits', actual, expected, { kind: 'within', bound });
  });

folding
  .case('nothing-to-fold')
  .desc('A model that can fold nothing is refused as policy-unmatched, and nothing is quantized.')
  .control('a model folds nothing and says so', (fault) =>
    fault.host('quantizer.folded_in', () => () => []),
  )
  .run(async (t) => {
    using model = new Perceptron(t.gpu, t.random());
    let code = 'none';
    try {
      quantizerOf(t, { method: 'int8' }).quantizeModel(model, FOLDING);
    } catch (error) {
      code = error instanceof GradproofError ? error.code : String(error);
    }
    t.expect(code === 'policy-unmatched', () => `the code is ${code}`);
    const changed = model.values.names.filter((name) => isQuantized(model.values.view(name)));
    t.expect(changed.length === 0, () => `quantized are ${changed}`);
  });
