import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { toStored } from '../../formats/safetensors/write.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import type { FromWorker } from '../../harness/worker/messages.ts';
import { runQuantizeJob } from '../../harness/worker/quantize-job.ts';
import { hqqQuantize } from '../../ops/quant/hqq_quantize.ts';
import { Candidate, refusedLayer } from '../../quantizer/choosing/measure.ts';
import { hasCosts, type Measured, whyNotSaved } from '../../quantizer/choosing/measured.ts';
import { schemesOf, type WholeChoice, wholeChoice } from '../../quantizer/choosing/schemes.ts';
import { productOf, relativeError, squareSums } from '../../quantizer/choosing/square-sums.ts';
import { storedLayer } from '../../quantizer/choosing/stored.ts';
import {
  type NamedWeight,
  namedWeight,
  type WeightSource,
} from '../../quantizer/choosing/weight-source.ts';
import { decodedWeight } from '../../quantizer/coding.ts';
import { createQuantizer, predictedBytes } from '../../quantizer/quantizer.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What schemes cost a weight, measured on a device in host memory. */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const SHAPE = [8, 128];
const drawn = namedWeight({ layer: 'fc', shape: SHAPE, seed: 3, stream: 0 });

/** More than sums of 128 products in float32 are off, relative to what is added. */
const SUM_ERROR = 128 * 2 ** -23;

/** The weight as a quantizer of its own makes and decodes it. */
async function decodedOf(scheme: WholeChoice): Promise<Float64Array> {
  using scope = new Scope();
  const tape = scope.add(new Tape(gpu));
  const weight = scope.add(Tensor.from(gpu, drawn.weight));
  const quantizer = createQuantizer(new WebGpuBackend(gpu), scheme);
  const made = quantizer.quantizeWeight(tape, weight, 'fc');
  scope.addAll(made.parts);
  return valuesOf(await decodedWeight(tape, made, 'fc').read());
}

async function measured(weight: NamedWeight, method: string) {
  const [scheme] = schemesOf((name) => name === method, false);
  if (!scheme) throw new Error(`no method ${method}`);
  using candidate = new Candidate(gpu, weight);
  return await candidate.measure(new WebGpuBackend(gpu), scheme);
}

test('errors of halves are those of rounding on the host', async () => {
  const { result } = await measured(drawn, 'f16');
  const exact = valuesOf(drawn.weight);
  const halves = valuesOf(hostTensorFrom('f16', SHAPE, exact));
  const x = valuesOf(drawn.input);
  if (!('bytes' in result)) throw new Error(result.why);
  expect(result.weight).toEqual(squareSums(halves, exact));
  const y = squareSums(productOf(x, halves, 128), productOf(x, exact, 128));
  // The device adds in float32.
  expect(relativeError(result.output) / relativeError(y)).toBeCloseTo(1, 2);
  expect(result).toMatchObject({ bytes: 2 * 8 * 128, elements: 8 * 128 });
});

test('every method is measured, reads back twice, at the end, and leaves nothing', async () => {
  const before = gpu.memory.ledger;
  for (const scheme of schemesOf(() => true, false)) {
    const lengths: number[] = [];
    gpu.onRead = (read) => void read.then(({ byteLength }) => lengths.push(byteLength));
    const one = await measured(drawn, scheme.method);
    gpu.onRead = undefined;
    if (!hasCosts(one)) throw new Error(`${scheme.method}: ${JSON.stringify(one.result)}`);
    const { weight, output, bytes } = one.result;
    expect(lengths, scheme.method).toEqual([4 * 8 * 128, 4 * 16 * 8]);
    expect(bytes, scheme.method).toBe(predictedBytes(scheme, SHAPE));
    const decoded = await decodedOf(scheme);
    const exact = valuesOf(drawn.weight);
    expect(weight, scheme.method).toEqual(squareSums(decoded, exact));
    // These round x too; the others add in float32 as the device does.
    if (['llm_int8', 'bitnet_int8', 'quanto_w8a8'].includes(scheme.method)) continue;
    const x = valuesOf(drawn.input);
    const y = squareSums(productOf(x, decoded, 128), productOf(x, exact, 128));
    expect(relativeError(y), scheme.method).toBeGreaterThan(1e-4);
    const off = Math.abs(relativeError(output) - relativeError(y));
    expect(off, scheme.method).toBeLessThan(SUM_ERROR);
  }
  expect(gpu.memory.ledger.liveBytes).toBe(before.liveBytes);
});

test('a convolution is measured as the matrix of its outputs', async () => {
  const conv = { ...drawn, weight: { ...drawn.weight, shape: [8, 32, 2, 2] } };
  const flat = await measured(drawn, 'nf4');
  const folded = await measured(conv, 'nf4');
  expect(hasCosts(folded) && folded.result.output).toEqual(hasCosts(flat) && flat.result.output);
});

test('what a method refuses, and what is not finite, is a refusal with a code', async () => {
  const odd = namedWeight({ layer: 'odd', shape: [3, 7], seed: 1, stream: 0 });
  expect((await measured(odd, 'mlx')).result).toEqual({
    code: 'quant-method',
    why: 'odd 3x7 by mlx: rows of 7 elements are no groups of 64',
  });
  const data = Float32Array.from(drawn.weight.data);
  data[5] = Number.NaN;
  const broken = { ...drawn, weight: { ...drawn.weight, data } };
  expect((await measured(broken, 'nf4')).result).toMatchObject({ code: 'not-finite' });
});

/** What a job answers that is to save the weight. */
async function answersOf(source: WeightSource, scheme: WholeChoice) {
  const answers: FromWorker[] = [];
  const message = { type: 'quantize', source, schemes: [scheme], save: true } as const;
  await runQuantizeJob(gpu, message, (answer) => answers.push(answer));
  return answers as Extract<FromWorker, { type: 'quantized' }>[];
}

test.each([
  { method: 'quanto_int8', axis: -1 },
  { method: 'quanto_int', groupSize: 'channel', axis: -1 },
  { method: 'quanto_float8', axis: -1 },
] as const)(
  'a convolution that %j takes as a matrix alone is refused, and saving goes on',
  async (options) => {
    const source = { layer: 'k', shape: [2, 16, 4], seed: 1, stream: 0 };
    const [answer, ...more] = await answersOf(source, wholeChoice(options));
    expect([answer?.measured.result, answer?.stored, more]).toEqual([
      {
        code: 'quant-method',
        why: `k 2x16x4 by ${options.method}: groups of columns are of a weight with two dimensions`,
      },
      ...[undefined, []],
    ]);
  },
);

test('a weight that would be saved as infinities is measured and not saved', async () => {
  const shape = [2, 4];
  const saved = async (largest: number) => {
    const stored = toStored(hostTensorFrom('f32', shape, [largest, 1, 2, 3, 4, 5, 6, 7]));
    const source = { layer: 'big', shape, seed: 1, stream: 0, stored };
    const [answer] = await answersOf(source, wholeChoice({ method: 'f16' }));
    const { measured, stored: made } = answer as NonNullable<typeof answer>;
    return [hasCosts(measured), whyNotSaved(measured), made?.layer];
  };
  expect(await saved(1e4)).toEqual([true, undefined, 'big']);
  expect(await saved(1e5)).toEqual([true, 'f16 decodes it to what is not finite', undefined]);
});

test.each([
  ['ternary', 4, 2 ** 20, { bytes: 8 }, 'so are 32 of its rows: give more bytes'],
  ['ternary', 64, 2 ** 30, {}, 'so are 32 of its rows: take an adapter that reaches more'],
  [
    ...(['bitnet', 64, 64, { bytes: 2 ** 13 }] as const),
    'its scales belong to more than a row: give more bytes, or another method',
  ],
  [
    ...(['bitnet', 64, 2 ** 30, {}] as const),
    'so are 32 of its rows: take an adapter that reaches more',
  ],
  [
    ...(['bitnet', 2 ** 14, 2 ** 20, {}] as const),
    'its scales belong to more than a row: take an adapter that reaches more, or another method',
  ],
] as const)(
  '%s of %d x %d by rows within %j says what helps',
  (method, rows, width, given, why) => {
    const quantizer = createQuantizer(new WebGpuBackend(gpu), { method });
    const read = () => {
      throw new TypeError('it is read');
    };
    expect(() => quantizer.quantizeRows(gpu, { shape: [rows, width], read }, 'fc', given)).toThrow(
      why,
    );
  },
);

test('a weight that no kernel can bind is refused by all schemes before it is read', async () => {
  const most = gpu.limits['maxStorageBufferBindingSize'] as number;
  const schemes = schemesOf(() => true, false);
  const shape = [1, most];
  const stored: StoredTensor = {
    ...{ dtype: 'F16', shape },
    get bytes(): Uint8Array {
      throw new TypeError('it is read');
    },
  };
  const source = { layer: 'lm_head', shape, seed: 1, stream: 0, stored };
  const told: Measured[] = [];
  await runQuantizeJob(gpu, { type: 'quantize', source, schemes, save: false }, (answer) => {
    if (answer.type === 'quantized') told.push(answer.measured);
  });
  expect(told.map(({ scheme }) => scheme)).toEqual(schemes);
  expect(new Set(told.map(({ result }) => JSON.stringify(result))).size).toBe(1);
  expect(told[0]?.result).toEqual({
    code: 'too-large',
    why: `lm_head 1x${most} has ${4 * most} bytes in float32, and a kernel of this adapter reaches ${most}: take an adapter that reaches more, or quantize it by rows with quantizeRows of the library`,
  });
  expect(() => refusedLayer('fc', schemes, new TypeError('a defect'))).toThrow('a defect');
});

test.each([
  [4, true],
  [3, false],
] as const)(
  'hqq of %d bits is what HQQLinear makes by default: zeros begin rounded: %s',
  async (bits, round_zero) => {
    const scheme = wholeChoice({ method: 'hqq', bits });
    const { parts } = await storedLayer(gpu, new WebGpuBackend(gpu), drawn, scheme);
    using weight = Tensor.from(gpu, drawn.weight);
    const zerosBy = async (rounds: boolean) => {
      using scope = new Scope();
      const params = { nbits: bits, axis: 1, group_size: 64, round_zero: rounds } as const;
      const made = hqqQuantize.forward(gpu, { weight }, params);
      scope.addAll(made as Tensors);
      return (await made.zero.read()).data;
    };
    expect(parts['zero']?.data).toEqual(await zerosBy(round_zero));
    expect(parts['zero']?.data).not.toEqual(await zerosBy(!round_zero));
  },
);

test('a layer is stored with its parts, and nothing stays on the device', async () => {
  const backend = new WebGpuBackend(gpu);
  const before = gpu.memory.ledger;
  const { layer, shape, parts, decoded } = await storedLayer(gpu, backend, drawn, {
    method: 'nf4',
    bits: 4,
    groupSize: 64,
  });
  expect([layer, shape, decoded]).toEqual([
    'fc',
    drawn.weight.shape,
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
  expect(Object.entries(parts).map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
    ['packed', 'u8', [512, 1]],
    ['absmax', 'f32', [16]],
  ]);
  expect(gpu.memory.ledger.liveBytes).toBe(before.liveBytes);
});

test('a scale of activations is stored as those that are given make it, and as none by drawn ones', async () => {
  const scheme = { method: 'quanto_w8a8', bits: 8, groupSize: 'channel' } as const;
  const scaleBy = async (weight: NamedWeight) => {
    const { parts } = await storedLayer(gpu, new WebGpuBackend(gpu), weight, scheme);
    return parts['input_scale']?.data[0];
  };
  expect(await scaleBy(drawn)).toBe(1);
  const largest = Math.max(...valuesOf(drawn.input).map(Math.abs));
  expect((await scaleBy({ ...drawn, isInputDrawn: false })) as number).toBeCloseTo(
    largest / 127,
    6,
  );
});
