import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import { decodedWeight, denseProduct, multiplied } from '../../src/quantizer/coding.ts';
import type { LayerOptions } from '../../src/quantizer/policy.ts';
import { predictedBytes } from '../../src/quantizer/quantizer.ts';
import { methods } from '../../src/quantizer/registry.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { drawn, quantizerOf } from './drawn.ts';
import { Perceptron } from './perceptron.ts';

export const quantizedMemory = suite('quantizer.memory', {
  description: 'What quantized models hold of memory, by the ledger and by formulas',
});

const ROW = 'triton.quantization.memory-reduction';
const COMPARISON = 'triton.quantization.memory-comparison';

/** Bytes that a network of 64-128-10 holds by the ledger when its linears are quantized. */
function held(t: CaseContext, method: string | undefined): number {
  const { memory } = t.gpu;
  const start = memory.ledger.liveBytes;
  using model = new Perceptron(t.gpu, t.random());
  if (method) quantizerOf(t, { method }).quantizeModel(model);
  return memory.ledger.liveBytes - start;
}

quantizedMemory
  .case('ternary')
  .covers(`${ROW}/packed-bytes`)
  .desc(
    'Of 38,440 bytes in f32 the ternary model holds 2,368 of trits, 552 of biases and 552 of scales, by the ledger.',
  )
  .control('a byte for each trit', (fault) =>
    fault.host(
      'quantizer.kept',
      (original) => (part, shape) =>
        part.dtype === 'u8'
          ? Tensor.empty(
              part.gpu,
              'u8',
              shape.map((n: number) => 4 * n),
            )
          : original(part, shape),
    ),
  )
  .run(async (t) => {
    const float = held(t, undefined);
    t.expect(float === 38_440, () => `in f32 the model holds ${float} bytes`);
    const bytes = held(t, 'ternary');
    t.expect(bytes === 2368 + 552 + 552, () => `ternary it holds ${bytes} bytes`);
  });

quantizedMemory
  .case('ratios')
  .covers(`${ROW}/small-model-ratio`, `${ROW}/large-layer-ratio`)
  .desc(
    'The ratio of bytes is 11 or more for the small model; for a layer of 4096 x 4096 it is 15 or more, by the parts that a layer of 1024 x 256 has in fact.',
  )
  .control('parts are not packed', (fault) =>
    fault.host('quantizer.kept', () => (part) => Tensor.empty(part.gpu, 'f32', part.shape)),
  )
  .run(async (t) => {
    const small = held(t, undefined) / held(t, 'ternary');
    t.metric('small-model', small);
    t.expect(small >= 11, () => `the ratio of the small model is ${small}`);
    const shape = [1024, 256];
    using model = new Perceptron(t.gpu, t.random(), shape.toReversed());
    quantizerOf(t, { method: 'ternary' }).quantizeModel(model);
    const weight = model.values.view('fc1.weight');
    const parts = isQuantized(weight) ? Object.values<Tensor>(weight.parts) : [];
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    const predicted = predictedBytes({ method: 'ternary' }, shape);
    t.expect(bytes === predicted, () => `the parts take ${bytes} bytes, not ${predicted}`);
    const large = (4096 * 4096 * 4) / predictedBytes({ method: 'ternary' }, [4096, 4096]);
    t.metric('large-layer', large);
    t.expect(large >= 15, () => `the ratio of the large layer is ${large}`);
  });

/** Bytes of weights of 8,192 and 1,280 elements, 128 and 10 outputs, beside biases of 552 bytes. */
const FORMULAS = {
  fp32: [undefined, 38_440],
  fp16: ['f16', 2 * 9472 + 552],
  int8: ['int8', 9472 + 4 * 138 + 552],
  nf4: ['nf4', 9472 / 2 + (4 * 9472) / 64 + 552],
  ternary: ['ternary', 9472 / 4 + 4 * 138 + 552],
} as const;

quantizedMemory
  .case('formulas')
  .covers(`${COMPARISON}/bytes-by-formula`)
  .desc('By the ledger one model holds in fp32, fp16, int8, nf4 and ternary what formulas say.')
  .control('halves kept as wide as floats', (fault) =>
    fault.host('quantizer.kept', () => (part, shape) => Tensor.empty(part.gpu, 'f32', shape)),
  )
  .run(async (t) => {
    for (const [name, [method, expected]] of Object.entries(FORMULAS)) {
      const bytes = held(t, method);
      t.metric(name, bytes);
      t.expect(bytes === expected, () => `${name} holds ${bytes} bytes, not ${expected}`);
    }
  });

quantizedMemory
  .case('order')
  .covers(`${COMPARISON}/strictly-decreasing`)
  .desc('These numbers of bytes fall strictly in that order.')
  .control('codes kept as wide as halves', (fault) =>
    fault.host('quantizer.kept', () => (part, shape) => Tensor.empty(part.gpu, 'f16', shape)),
  )
  .run(async (t) => {
    const bytes = Object.values(FORMULAS).map(([method]) => held(t, method));
    const falls = bytes.slice(1).every((each, i) => each < (bytes[i] as number));
    t.expect(falls, () => `the models hold ${bytes.join(', ')} bytes`);
  });

const WEIGHT = [128, 256] as const;

/** What a weight of 128 x 256 takes in groups of 64: 512 zeros and scales, in floats or in bytes. */
const META = [
  [{}, 16_384 + 2 * 2048],
  [{ quantZero: true }, 16_384 + 2048 + 512 + 8],
  [{ quantScale: true }, 16_384 + 2048 + 512 + 32],
  [{ quantZero: true, quantScale: true }, 16_384 + 2 * 512 + 8 + 32],
] as const;

quantizedMemory
  .case('hqq-meta')
  .tier('full')
  .desc(
    'Of 131,072 bytes HQQ leaves 20,480, and with its zeros and scales in 8 bits 17,448, by the ledger and as predicted.',
  )
  .control('codes of scales kept as floats', (fault) =>
    fault.host('quantizer.kept', () => (part, shape) => Tensor.empty(part.gpu, 'f32', shape)),
  )
  .run(async (t) => {
    const { memory } = t.gpu;
    using weight = Tensor.from(t.gpu, drawn(t, 0, WEIGHT));
    t.expect(weight.bytes === 131_072, () => `the weight takes ${weight.bytes} bytes`);
    for (const [meta, expected] of META) {
      const options = { method: 'hqq', ...meta };
      const before = memory.ledger.liveBytes;
      using scope = new Scope();
      {
        using tape = new Tape(t.gpu);
        scope.addAll(quantizerOf(t, options).quantizeWeight(tape, weight, 'fc').parts);
      }
      const bytes = memory.ledger.liveBytes - before;
      const words = JSON.stringify(meta);
      t.expect(bytes === expected, () => `${words}: ${bytes} bytes, not ${expected}`);
      const predicted = predictedBytes(options, WEIGHT);
      t.expect(predicted === expected, () => `${words}: predicted are ${predicted} bytes`);
    }
  });

/** Schemes whose products, and those for the gradient of x, decode in registers. */
const DECODED_IN_REGISTERS: readonly LayerOptions[] = [
  ...[...methods.values()]
    .filter(({ library }) => library !== 'torch')
    .map(({ name }) => ({ method: name })),
  { method: 'int8', groupSize: 'tensor' },
  { method: 'int8_blockwise', groupSize: 64 },
  { method: 'hqq', axis: 1 },
  { method: 'hqq', bits: 3 },
  { method: 'hqq', groupSize: 256, quantZero: true, quantScale: true },
  { method: 'quanto_int', bits: 2, groupSize: 'channel' },
  { method: 'quanto_int', groupSize: 32, axis: -1 },
];

/** The most bytes that a product and the gradient of x take beside the weight and x. */
async function peakOfProduct(t: CaseContext, options: LayerOptions): Promise<number> {
  const { gpu } = t;
  using scope = new Scope();
  const tensor = (stream: number, shape: Shape) =>
    scope.add(Tensor.from(gpu, drawn(t, stream, shape)));
  const making = scope.add(new Tape(gpu, []));
  const made = quantizerOf(t, options).quantizeWeight(making, tensor(0, WEIGHT), 'fc');
  scope.addAll(made.parts);
  const x = tensor(1, [5, WEIGHT[1]]);
  const dy = tensor(2, [5, WEIGHT[0]]);
  const before = gpu.memory.ledger.liveBytes;
  gpu.memory.resetPeak();
  const tape = scope.add(new Tape(gpu, [x]));
  tape.backward(multiplied(tape, made, x, 'fc'), dy);
  const { peakBytes } = gpu.memory.ledger;
  await gpu.finish();
  return peakBytes - before;
}

quantizedMemory
  .case('products')
  .tier('full')
  .timeout(60_000)
  .desc(
    'Of every method a product and the gradient of x, of a weight of 128 x 256 and 5 rows, take a tenth of the decoded weight at most: no dense copy is made.',
  )
  .control('the decoded weight is multiplied', (fault) =>
    fault.host(
      'quantizer.multiplied',
      () => (tape, weight, x, layer) =>
        denseProduct(tape, decodedWeight(tape, weight, layer), x, layer),
    ),
  )
  .run(async (t) => {
    const most = (4 * WEIGHT[0] * WEIGHT[1]) / 10;
    for (const options of DECODED_IN_REGISTERS) {
      const words = Object.values(options).join(' ');
      const bytes = await peakOfProduct(t, options);
      t.expect(bytes <= most, () => `${words}: ${bytes} bytes beside the weight, of ${most}`);
    }
  });
