import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { TernaryLayer } from './ternary-layer.ts';

export const dropoutSuite = suite('nn.dropout-layer', {
  description: 'Dropout after a layer of ternary weights',
});

const P = 0.5;
const SIZES = { rows: 50, inFeatures: 24, outFeatures: 100 };
const COUNT = SIZES.rows * SIZES.outFeatures;
/** 10^5 outputs. */
const MANY = { rows: 250, inFeatures: 24, outFeatures: 400 };

/** Outputs of the layer, what dropout makes of them, and the gradient of those for one of ones. */
interface Dropped {
  readonly before: Float64Array;
  readonly after: Float64Array;
  readonly gradient: Float64Array;
}

/** Runs the layer with dropout, in training where there is a seed. */
async function drop(t: CaseContext, layer: TernaryLayer, seed?: number): Promise<Dropped> {
  using still = new Tape(t.gpu);
  const before = layer.forward(still);
  const random = seed === undefined ? undefined : new RandomState(seed);
  using tape = new Tape(t.gpu, [before], { random });
  const after = layer.on(tape).dropout('drop', before, P);
  const ones = hostTensorFrom('f32', after.shape, new Float32Array(after.size).fill(1));
  using seedOfGradient = Tensor.from(t.gpu, ones);
  const gradient = tape.backward(after, seedOfGradient).get(before) as Tensor;
  const data = async (tensor: Tensor) => valuesOf(await tensor.read());
  return { before: await data(before), after: await data(after), gradient: await data(gradient) };
}

const sameBits = (a: Float64Array, b: Float64Array) => a.every((x, i) => Object.is(x, b[i]));

dropoutSuite
  .case('kept-fraction')
  .tier('full')
  .covers('triton.compiler.custom-layer-dropout/kept-fraction')
  .desc('Of 10^5 outputs of a layer, none of them 0, half are kept, give or take a hundredth.')
  .control('nothing is dropped', (fault) =>
    fault.launch('dropout.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, p: 0 },
      variant,
    ]),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, MANY);
    const { before, after } = await drop(t, layer, t.seed);
    t.expect(before.length === 1e5 && !before.includes(0), () => 'an output is 0 by itself');
    const fraction = after.filter((y) => y !== 0).length / before.length;
    t.metric('kept', fraction);
    t.expect(Math.abs(fraction - P) <= 0.01, () => `${fraction} of the outputs are kept`);
  });

dropoutSuite
  .case('kept-doubled')
  .covers('triton.compiler.custom-layer-dropout/kept-doubled')
  .desc('What is kept of the outputs is exactly twice what it was, all else is 0.')
  .control('what is kept is not scaled', (fault) =>
    fault.shader('nn/dropout', 'vec4f(), x * scale, words', 'vec4f(), x, words'),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const { before, after } = await drop(t, layer, t.seed);
    const kept = after.filter((y) => y !== 0).length;
    t.expect(kept > COUNT / 4, () => `${kept} of ${COUNT} outputs are kept`);
    const data = before.map((y, i) => (after[i] === 0 ? 0 : 2 * y));
    const shape = [SIZES.rows, SIZES.outFeatures];
    t.expectEqual('outputs', { shape, data: after }, { shape, data });
  });

dropoutSuite
  .case('seeds')
  .covers('triton.compiler.custom-layer-dropout/seeded-mask')
  .desc('The same seed drops the same outputs, and another seed others.')
  .control('another seed at each call', (fault) =>
    fault.host('dropout.forward', (original) => {
      let calls = 0;
      return (gpu, inputs, params, variant) =>
        original(gpu, inputs, { ...params, seed: params.seed + calls++ }, variant);
    }),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const first = await drop(t, layer, t.seed);
    const again = await drop(t, layer, t.seed);
    const other = await drop(t, layer, t.seed + 1);
    t.expect(sameBits(first.after, again.after), () => 'one seed gave two masks');
    const differing = first.after.filter((y, i) => (y === 0) !== (other.after[i] === 0)).length;
    t.expect(differing > COUNT / 4, () => `two seeds differ in ${differing} of ${COUNT} outputs`);
  });

dropoutSuite
  .case('backward-mask')
  .covers('triton.compiler.custom-layer-dropout/backward-mask')
  .desc('A gradient of ones is 2 in every place that forward kept, and 0 in every other.')
  .control('another mask of the gradient', (fault) =>
    fault.launch('dropout.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, params: { ...context.params, seed: context.params.seed + 1 } },
      variant,
    ]),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const { after, gradient } = await drop(t, layer, t.seed);
    t.expect(after.includes(0), () => 'nothing is dropped');
    const shape = [SIZES.rows, SIZES.outFeatures];
    const data = after.map((y) => (y === 0 ? 0 : 2));
    t.expectEqual('gradient', { shape, data: gradient }, { shape, data });
  });

dropoutSuite
  .case('eval')
  .covers('triton.compiler.custom-layer-dropout/eval-identity')
  .desc('Outside of training dropout gives back every output of the layer, to the bit.')
  .control('dropout outside of training', (fault) =>
    fault.host('layers.random', (original) => (tape) => original(tape) ?? new RandomState(1)),
  )
  .run(async (t) => {
    using layer = new TernaryLayer(t, SIZES);
    const { before, after } = await drop(t, layer);
    t.expect(sameBits(before, after), () => 'an output is not what it was before dropout');
  });
