import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Application } from '../../src/graph/call.ts';
import type { MobileNetV2Config } from '../../src/models/mobilenet-v2/config.ts';
import { MobileNetV2 } from '../../src/models/mobilenet-v2/mobilenet-v2.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const mobileNetV2Suite = suite('vision.mobilenet-v2', {
  description: 'MobileNetV2 with ternary convolutions, on images of 32 x 32',
});

const ROW = 'triton.vision.mobilenetv2';
const TIMEOUT_MS = 300_000;
/** A narrow network, where sizes do not matter. */
const NARROW = { width: 0.35 };

const network = (t: CaseContext, config: Partial<MobileNetV2Config> = {}) =>
  new MobileNetV2(t.gpu, { classes: 10, ...config }, t.random(1));

function images(t: CaseContext, count: number, stream = 2): HostTensor {
  const random = t.random(stream);
  const data = random.fill(count * 3 * 32 * 32, () => random.normal());
  return hostTensorFrom('f32', [count, 3, 32, 32], data);
}

/** Logits, in training with the random numbers given, else outside of it. */
async function logits(
  t: CaseContext,
  model: MobileNetV2,
  host: HostTensor,
  random?: RandomState,
  trace?: Application<Tensor>[],
): Promise<Float64Array> {
  using x = Tensor.from(t.gpu, host);
  using tape = new Tape(t.gpu, [], { random, trace });
  const y = valuesOf(await model.forward(tape, { x }).read());
  model.keepStatistics();
  return y;
}

const sameBits = (a: Float64Array, b: Float64Array) =>
  a.length === b.length && a.every((x, i) => Object.is(x, b[i]));

/** Running means and variances by name. */
async function statisticsOf(model: MobileNetV2): Promise<ReadonlyMap<string, Float64Array>> {
  const read = Object.entries(model.statistics).map(
    async ([name, tensor]) => [name, valuesOf(await tensor.read())] as const,
  );
  return new Map(await Promise.all(read));
}

/** How many of the statistics have other bits than before. */
async function movedSince(
  model: MobileNetV2,
  before: ReadonlyMap<string, Float64Array>,
): Promise<number> {
  const now = await statisticsOf(model);
  return [...before].filter(([name, data]) => !sameBits(data, now.get(name) ?? data)).length;
}

/** The means of the channels, and what the linear behind the dropout is given of them. */
async function aroundDropout(t: CaseContext, model: MobileNetV2, random?: RandomState) {
  using x = Tensor.from(t.gpu, images(t, 2));
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(t.gpu, [], { trace, random });
  model.forward(tape, { x });
  const read = async (layer: string, of: 'inputs' | 'outputs', name: string) => {
    const tensor = trace.find((call) => call.layer === layer)?.[of][name];
    return tensor ? valuesOf(await tensor.read()) : new Float64Array();
  };
  return {
    means: await read('avgpool', 'outputs', 'y'),
    given: await read('classifier.1', 'inputs', 'a'),
  };
}

mobileNetV2Suite
  .case('parameters')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-parameter-count/logical-parameters`)
  .desc('The network has 2,236,682 parameters for 10 classes, and 3,504,872 for 1000.')
  .control('one block fewer', (fault) =>
    fault.host('mobilenet_v2.block_table', (original) => () => original().slice(0, -1)),
  )
  .run(async (t) => {
    for (const [classes, expected] of [
      [10, 2_236_682],
      [1000, 3_504_872],
    ] as const) {
      using model = network(t, { classes });
      const { count } = model.parameters;
      t.expect(count === expected, () => `${classes} classes: there are ${count} parameters`);
    }
  });

/** Different values of a weight. */
const kindsOf = (data: Float64Array): readonly number[] =>
  [...new Set(data)].toSorted((a, b) => a - b);

/** Whether a weight is -s, 0 and s, for one s. */
function isTernary(data: Float64Array): boolean {
  const [low = 0, zero, high = 0, ...rest] = kindsOf(data);
  return rest.length === 0 && zero === 0 && low === -high;
}

/** By layer, the weights that the convolutions and the linear of a fresh network use. */
async function weightsOf(t: CaseContext, config: Partial<MobileNetV2Config> = {}) {
  using model = network(t, config);
  using x = Tensor.from(t.gpu, images(t, 1));
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(t.gpu, [], { trace });
  model.forward(tape, { x });
  const used = async (op: string, input: string) =>
    await Promise.all(
      trace
        .filter((call) => call.op.name === op)
        .map(async ({ layer, inputs, params }) => ({
          layer,
          params,
          weight: valuesOf(await (inputs[input] as Tensor).read()),
          shape: (inputs[input] as Tensor).shape,
        })),
    );
  return { convolutions: await used('conv2d', 'weight'), linears: await used('matmul', 'b') };
}

mobileNetV2Suite
  .case('layers')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-instantiation/layer-counts`)
  .desc('A pass of a fresh network takes 52 convolutions and one linear, [10, 1280].')
  .control('one block fewer', (fault) =>
    fault.host('mobilenet_v2.block_table', (original) => () => original().slice(0, -1)),
  )
  .run(async (t) => {
    const { convolutions, linears } = await weightsOf(t);
    const { length } = convolutions;
    t.expect(length === 52, () => `there are ${length} convolutions`);
    const shapes = linears.map(({ shape }) => shape.join('x')).join();
    t.expect(shapes === '10x1280', () => `the linears are ${shapes}`);
  });

mobileNetV2Suite
  .case('ternary')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-instantiation/convs-ternary`)
  .desc(
    'Each pointwise and depthwise convolution of a fresh network multiplies by -s, 0 and s, with an s of its own, and by all three.',
  )
  .control('float weights in the place of trits', (fault) =>
    fault.host('mobilenet_v2.is_ternary', () => () => false),
  )
  .run(async (t) => {
    const { convolutions } = await weightsOf(t);
    const others = convolutions.slice(1);
    t.expect(others.length === 51, () => `there are ${others.length} such convolutions`);
    for (const { layer, weight } of others)
      t.expect(isTernary(weight), () => `${layer} has ${kindsOf(weight).length} different weights`);
    const scales = others.map(({ weight }) => kindsOf(weight).at(-1));
    others.forEach(({ layer }, i) => {
      t.expect(scales[i] !== scales[i + 1], () => `${layer} has the scale of the next one`);
    });
  });

mobileNetV2Suite
  .case('stem')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-instantiation/first-conv-per-config`)
  .desc(
    'The first convolution has ternary weights where the configuration says so, else floats, and the width that it says.',
  )
  .control('what decides is lost', (fault) =>
    fault.host('mobilenet_v2.is_ternary', () => () => true),
  )
  .run(async (t) => {
    for (const [config, channels] of [
      [{}, 32],
      [{ ternaryStem: true }, 32],
      [{ ...NARROW, ternaryStem: false }, 16],
      [{ ...NARROW, ternaryStem: true }, 16],
    ] as const) {
      const told = JSON.stringify(config);
      const [stem] = (await weightsOf(t, config)).convolutions;
      const { weight = new Float64Array(), shape = [] } = stem ?? {};
      t.expect(
        shape.join('x') === `${channels}x3x3x3`,
        () => `${told} gives a first convolution of ${shape.join('x')}`,
      );
      const wanted = 'ternaryStem' in config && config.ternaryStem;
      const kinds = kindsOf(weight).length;
      t.expect(
        wanted ? isTernary(weight) : kinds > channels,
        () => `${told} gives ${kinds} different weights`,
      );
    }
  });

mobileNetV2Suite
  .case('repeated')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-numerical-stability/repeat-runs-equal`, `${ROW}-eval-mode/deterministic`)
  .desc('Five passes outside of training over the same images give the same bits.')
  .control('dropout outside of training', (fault) =>
    fault.host('layers.random', (original) => {
      const random = new RandomState(1);
      return (tape) => original(tape) ?? random;
    }),
  )
  .run(async (t) => {
    using model = network(t, NARROW);
    const host = images(t, 2);
    const first = await logits(t, model, host);
    t.expect(new Set(first).size > 10, () => 'the logits do not depend on the images');
    for (let run = 2; run <= 5; run++) {
      const again = await logits(t, model, host);
      t.expect(sameBits(first, again), () => `run ${run} gives other logits than the first`);
    }
  });

mobileNetV2Suite
  .case('dropout-off')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-eval-mode/dropout-off`)
  .desc('Outside of training the linear is given every mean of a channel as it is.')
  .control('dropout outside of training', (fault) =>
    fault.host('layers.random', (original) => (tape) => original(tape) ?? new RandomState(1)),
  )
  .run(async (t) => {
    using model = network(t, NARROW);
    const { means, given } = await aroundDropout(t, model);
    const same = sameBits(means, given);
    t.expect(same, () => 'the linear is given other numbers than the means of the channels');
    t.expect(
      means.some((mean) => mean !== 0),
      () => 'all means are 0',
    );
  });

mobileNetV2Suite
  .case('statistics-kept')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-eval-mode/running-stats-unchanged`)
  .desc('A pass outside of training leaves every bit of the running statistics as it was.')
  .control('each normalization moves its statistics', (fault) =>
    fault.host('batch_norm.forward', (original) => (gpu, inputs, params, variant) => {
      const outputs = original(gpu, inputs, { ...params, training: true }, variant);
      inputs.running_mean.copyFrom(outputs.running_mean);
      return outputs;
    }),
  )
  .run(async (t) => {
    using model = network(t, NARROW);
    await logits(t, model, images(t, 2), new RandomState(t.seed));
    const before = await statisticsOf(model);
    await logits(t, model, images(t, 2, 3));
    const moved = await movedSince(model, before);
    t.expect(moved === 0, () => `${moved} of ${before.size} running statistics have changed`);
  });

mobileNetV2Suite
  .case('batch-statistics')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-training-mode/batch-statistics`)
  .desc(
    'In training the logits of an image depend on the others of its batch, and all running statistics move; outside of it neither.',
  )
  .control('running statistics in training', (fault) =>
    fault.launch('batch_norm.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, training: false },
      variant,
    ]),
  )
  .run(async (t) => {
    using model = network(t, NARROW);
    const [one, other] = [images(t, 2), images(t, 2, 3)];
    const mixed = Float32Array.from(other.data);
    mixed.set(one.data.slice(0, 3 * 32 * 32) as Float32Array);
    const beside = hostTensorFrom('f32', one.shape, mixed);
    const ofFirst = async (host: HostTensor, random?: RandomState) =>
      (await logits(t, model, host, random)).slice(0, 10);
    const still = [await ofFirst(one), await ofFirst(beside)] as const;
    t.expect(sameBits(...still), () => 'outside of training the other images count');
    const before = await statisticsOf(model);
    const trained = [
      await ofFirst(one, new RandomState(1)),
      await ofFirst(beside, new RandomState(1)),
    ] as const;
    t.expect(!sameBits(...trained), () => 'in training the other images do not count');
    const moved = await movedSince(model, before);
    t.expect(moved === before.size, () => `${moved} of ${before.size} running statistics moved`);
  });

/** Logits of two passes in training over the same images. */
async function twice(t: CaseContext, one: RandomState, two: RandomState) {
  using model = network(t, NARROW);
  const host = images(t, 2);
  return [await logits(t, model, host, one), await logits(t, model, host, two)] as const;
}

mobileNetV2Suite
  .case('dropout-active')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-training-mode/dropout-active`)
  .desc(
    'In training about a fifth of the means of the channels is dropped, the others are divided by 0.8, and two passes with other random numbers, of another seed or further on in those of one, give different logits.',
  )
  .control('nothing is dropped', (fault) =>
    fault.launch('dropout.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, p: 0 },
      variant,
    ]),
  )
  .run(async (t) => {
    const state = new RandomState(1);
    for (const other of [new RandomState(2), state])
      t.expect(
        !sameBits(...(await twice(t, state, other))),
        () => 'random numbers change no logit',
      );
    using model = network(t, NARROW);
    const { means, given } = await aroundDropout(t, model, new RandomState(1));
    const dropped = given.map((x, i) => Number(x === 0 && means[i] !== 0));
    const share = dropped.filter(Boolean).length / means.filter((mean) => mean !== 0).length;
    t.expect(Math.abs(share - 0.2) < 0.05, () => `${share} of the means are dropped`);
    const other = given.findIndex(
      (x, i) => !dropped[i] && x !== Math.fround(1.25 * (means[i] as number)),
    );
    t.expect(other < 0, () => `of mean ${means[other]} the linear is given ${given[other]}`);
  });

mobileNetV2Suite
  .case('same-random-numbers')
  .tier('slow')
  .timeout(TIMEOUT_MS)
  .covers(`${ROW}-training-mode/same-rng-equal`)
  .desc('In training two passes with the same random numbers give the same bits.')
  .control('another seed at each call', (fault) =>
    fault.host('dropout.forward', (original) => {
      let calls = 0;
      return (gpu, inputs, params, variant) =>
        original(gpu, inputs, { ...params, seed: params.seed + calls++ }, variant);
    }),
  )
  .run(async (t) => {
    const passes = await twice(t, new RandomState(1), new RandomState(1));
    t.expect(sameBits(...passes), () => 'the same random numbers differ');
  });
