import { Tape } from '../../src/autograd/tape.ts';
import type { Application } from '../../src/graph/call.ts';
import { calibrate, decodedWeight, multiplied } from '../../src/quantizer/coding.ts';
import type { LayerOptions } from '../../src/quantizer/policy.ts';
import { predictedBytes } from '../../src/quantizer/quantizer.ts';
import { methods } from '../../src/quantizer/registry.ts';
import { gamma } from '../../src/reference/bounds.ts';
import { product } from '../../src/reference/matmul/product.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import type { ActivationType } from '../../src/vocabulary/quant/quanto_activation.ts';
import { value } from '../quant/values.ts';
import { drawn, drawnWeight, quantizerOf } from './drawn.ts';
import { limitOf } from './weight-limit.ts';

export const quantizerMethods = suite('quantizer.methods', {
  description: 'Every method of the quantizer: quantize, decode and multiply, each op judged',
});

const OUT = 24;
const IN = 256;

/** Methods with some of their widths. */
const choicesOf = (widths: (bits: readonly number[]) => readonly number[]) =>
  [...methods.values()].flatMap(({ name, bits }) =>
    widths(bits).map((width) => `${name}-${width}`),
  );

const TOLD =
  'A weight of normal numbers is quantized, decoded and multiplied: every op is right by its record, parts have the bytes that were predicted, weights are as near to what they were as their bits allow, and the product is that with the decoded weight.';

const ONES = 'parts of ones in the place of what was made';

function partsOfOnes(fault: FaultDeclaration): void {
  fault.host('quantizer.kept', () => (part, shape) => {
    const ones = new Float64Array(part.size).fill(1);
    return Tensor.from(part.gpu, hostTensorFrom(part.dtype, shape, ones));
  });
}

/** How far products are off at most whose x is rounded to a type: half a step of it, or less. */
const ROUNDED: Readonly<Record<ActivationType, number>> = {
  qint8: 2 / 127,
  qfloat8_e4m3fn: 2 ** -4,
  qfloat8_e4m3fnuz: 2 ** -4,
  qfloat8_e5m2: 2 ** -3,
};

/** Those whose products round x to 8 bits, whatever is chosen. */
const ROUNDS_X: ReadonlySet<string> = new Set(['llm_int8', 'bitnet_int8', 'quanto_w8a8']);

/** Those with kernels that other quick cases do not compile, or with layers of their own. */
const QUICK = /^(nf4|llm_int8|bitnet|ternary|f16)-/;

for (const choice of choicesOf((bits) => bits.slice(0, 1)))
  quantizerMethods
    .case('weight', { choice: [choice] })
    .tier(QUICK.test(choice) ? 'quick' : 'full')
    .covers('fsdp.backend.quantization-method-compatibility/seven-methods')
    .desc(TOLD)
    .control(ONES, partsOfOnes)
    .run((t) => judge(t, chosen(choice)));

quantizerMethods
  .case('width', { choice: choicesOf((bits) => bits.slice(1)) })
  .tier('full')
  .desc(TOLD)
  .control(ONES, partsOfOnes)
  .run((t) => judge(t, chosen(t.params.choice)));

/** The method and the width that a choice names. */
function chosen(choice: string) {
  const [method, width] = choice.split('-') as [string, string];
  return { method, bits: Number(width) };
}

quantizerMethods
  .case('columns', {
    choice: [
      'int-4-channel',
      'int-2-32',
      'int-4-64',
      'int8-8-channel',
      'float8_e4m3fnuz-8-channel',
    ],
  })
  .tier('full')
  .desc(`${TOLD} Its groups are columns of it, or parts of them.`)
  .control(ONES, partsOfOnes)
  .run(async (t) => {
    const [of, bits, group] = t.params.choice.split('-') as [string, string, string];
    const groupSize = group === 'channel' ? group : Number(group);
    await judge(t, { method: `quanto_${of}`, bits: Number(bits), groupSize, axis: -1 }, 64);
  });

/** Some of Quanto's pairs: its method, bits and activations. */
const PAIRS = [
  ...['int8-8-qint8', 'int8-8-qfloat8_e5m2', 'float8-8-qint8', 'float8-8-qfloat8_e4m3fn'],
  ...['float8_e4m3fnuz-8-qfloat8_e4m3fnuz', 'float8_e5m2-8-qfloat8_e4m3fn'],
  ...['int-4-qint8', 'int-4-qfloat8_e4m3fnuz', 'int-2-qfloat8_e5m2'],
];

quantizerMethods
  .case('activations', { choice: PAIRS })
  .tier('full')
  .desc(`${TOLD} Of Quanto, with activations in codes that a calibration scaled.`)
  .control(ONES, partsOfOnes)
  .run(async (t) => {
    const [of, bits, type] = t.params.choice.split('-') as [string, string, ActivationType];
    await judge(t, { method: `quanto_${of}`, bits: Number(bits), activations: type });
  });

async function judge(
  t: CaseContext,
  options: LayerOptions & { readonly bits: number },
  out = OUT,
): Promise<void> {
  const { method } = options;
  const host = drawnWeight(t, 0, [out, IN]);
  using weight = Tensor.from(t.gpu, host);
  using x = Tensor.from(t.gpu, drawn(t, 1, [5, IN]));
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(t.gpu, [], { trace });
  const quantized = quantizerOf(t, options).quantizeWeight(tape, weight, 'fc');
  const bytes = Object.values(quantized.parts).reduce((sum, part) => sum + part.bytes, 0);
  const predicted = predictedBytes(options, [out, IN]);
  t.expect(bytes === predicted, () => `the parts take ${bytes} bytes, not ${predicted}`);
  t.metric('bytes', bytes);
  const dense = decodedWeight(tape, quantized, 'fc');
  calibrate(tape, quantized, x, 'fc');
  const y = multiplied(tape, quantized, x, 'fc.product');
  await judgeApplications(t, 0, trace);
  const decoded = value(await dense.read());
  const error = relativeError(decoded.data, valuesOf(host));
  const limit = limitOf(method, options.bits);
  t.metric('relative-error', error);
  t.expect(error <= limit, () => `weights are ${error} off, and ${limit} is the most`);
  const expected = product(value(await x.read()), decoded, false, true);
  const off = relativeError(value(await y.read()).data, expected.data);
  // x is rounded to 8 bits, or sums of IN terms are.
  const type = ROUNDS_X.has(method) ? 'qint8' : options.activations;
  const most = type ? ROUNDED[type] : gamma(IN);
  t.metric('product-error', off);
  t.expect(off <= most, () => `products are ${off} off, and ${most} is the most`);
  for (const part of Object.values<Tensor>(quantized.parts)) part[Symbol.dispose]();
}

/** Root mean square of the difference over that of what is expected. */
function relativeError(actual: Float64Array, expected: Float64Array): number {
  const norm = (data: Float64Array) => Math.hypot(...data);
  return norm(actual.map((a, i) => a - (expected[i] as number))) / norm(expected);
}
