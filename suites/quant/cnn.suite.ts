import { Tape } from '../../src/autograd/tape.ts';
import { record as conv2d } from '../../src/reference/conv/conv2d.ts';
import { record as maxPool2d } from '../../src/reference/conv/max_pool2d.ts';
import { product } from '../../src/reference/matmul/product.ts';
import type { Value } from '../../src/reference/record.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { completed } from '../../src/vocabulary/signature.ts';
import { taught } from '../quantizer/trained.ts';
import { Cnn, initialCnn, type LayerName, PADDED, POOLED, ternaryCnn } from './cnn/cnn.ts';
import { drawShapes } from './cnn/shapes.ts';
import { meanSize, tritsOf } from './ternary-weights.ts';
import { value } from './values.ts';

export const cnn = suite('quant.cnn', {
  description: 'A convolutional network of 545,098 numbers with ternary weights',
});

const ROW = 'triton.quantization.cnn-model';
const PARAMETERS = 545_098;
/** How near logits must be to those of the reference. */
const MOST = 1e-4;

/** Trits of a weight by a threshold, times the mean size of those that are kept, in float64. */
function ternaryOf({ shape, data }: Value, threshold: number): Value {
  const trits = tritsOf(data, threshold);
  const scale = meanSize(data.filter((_, i) => trits[i] !== 0));
  return { shape, data: trits.map((trit) => trit * scale) };
}

/** The network's logits in float64. */
function referenceLogits(
  x: Value,
  weightOf: (name: LayerName) => Value,
  biasOf: (name: LayerName) => Value,
): Value {
  const positive = ({ shape, data }: Value): Value => ({
    shape,
    data: data.map((one) => Math.max(one, 0)),
  });
  const pooled = (name: 'conv1' | 'conv2', given: Value) => {
    const inputs = { x: given, weight: weightOf(name), bias: biasOf(name) };
    const { y } = conv2d.forward(inputs, completed(conv2d.signature, PADDED));
    return maxPool2d.forward({ x: positive(y) }, completed(maxPool2d.signature, POOLED)).y;
  };
  const linear = (name: 'fc1' | 'fc2', given: Value): Value => {
    const { shape, data } = product(given, weightOf(name), false, true);
    const { data: bias } = biasOf(name);
    return { shape, data: data.map((one, i) => one + (bias[i % bias.length] as number)) };
  };
  const last = pooled('conv2', pooled('conv1', x));
  const rows = x.shape[0] as number;
  const flat = { shape: [rows, last.data.length / rows], data: last.data };
  return linear('fc2', positive(linear('fc1', flat)));
}

cnn
  .case('reference-logits')
  .tier('slow')
  .covers(`${ROW}/reference-logits`)
  .timeout(120_000)
  .desc(
    'Logits of four images by the network with trits of its weights are within 1e-4 of those of the same network in float64, its trits by the thresholds that the device found.',
  )
  .control('the mean size of all weights', (fault) =>
    fault.shader('quant/masked_abs_sum', 'magnitude > threshold', 'magnitude > 0.0 * threshold'),
  )
  .run(async (t) => {
    const initial = initialCnn(t.random(1));
    const count = initial.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);
    t.expect(count === PARAMETERS, () => `the network has ${count} numbers`);
    const thresholds = new Map<LayerName, Tensor>();
    using model = ternaryCnn(t.gpu, initial, (name, { threshold }) => {
      thresholds.set(name, threshold);
    });
    const host = drawShapes(4, t.random(2)).inputs['x'] as HostTensor;
    using x = Tensor.from(t.gpu, host);
    using tape = new Tape(t.gpu);
    const y = await model.forward(tape, { x }).read();
    const values = new Map(initial);
    const given = (name: string) => value(values.get(name) as HostTensor);
    const used = new Map<LayerName, Value>();
    for (const [name, threshold] of thresholds) {
      const [limit = 0] = valuesOf(await threshold.read());
      used.set(name, ternaryOf(given(`${name}.weight`), limit));
    }
    const expected = referenceLogits(
      value(host),
      (name) => used.get(name) as Value,
      (name) => given(`${name}.bias`),
    );
    const bound = expected.data.map(() => MOST);
    t.expectAccepted('logits', value(y), expected, { kind: 'within', bound });
  });

/** Enough to tell the shapes apart. */
const LESSON = { draw: drawShapes, steps: 80, lr: 0.001, batchSize: 16 };

cnn
  .case('accuracy-after-qat')
  .tier('slow')
  .covers(`${ROW}/accuracy-after-qat`)
  .timeout(600_000)
  .desc(
    'Trained on images of four shapes in floats, and then as long with trits of its weights in every pass, the network has the shapes of 500 other images right, within three points of floats.',
  )
  .control('decoded weights are zeros', (fault) =>
    fault.host('ternary_quantize.forward', (original) => (...args) => {
      const made = original(...args);
      const { dequant } = made;
      dequant.write(hostTensorFrom('f32', dequant.shape, new Float64Array(dequant.size)));
      return made;
    }),
  )
  .run(async (t) => {
    using float = new Cnn(t.gpu, initialCnn(t.random(1)));
    const accuracy = await taught(t, float, LESSON);
    using ternary = ternaryCnn(t.gpu, await float.read());
    const after = await taught(t, ternary, LESSON);
    t.series('right answers: floats, trits after training', [accuracy, after]);
    t.expect(accuracy >= 0.8, () => `floats have ${accuracy} right: they have not learnt`);
    t.expect(after >= accuracy - 0.03, () => `${after} are right, and ${accuracy} of floats`);
  });
