import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { Layers } from '../../models/layers.ts';
import { adaptedLinear } from '../../models/llama/lora/adapted-linear.ts';
import { format as dynamic } from '../../quant/dynamic/format.ts';
import { restored } from '../../quant/dynamic/nested.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { decoded } from '../../quant/weight.ts';
import { type DeviceWeight, decodedWeight } from '../../quantizer/coding.ts';
import { createQuantizer, predictedBytes } from '../../quantizer/quantizer.ts';
import { EPS } from '../../reference/bounds.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A weight in 4 bits whose scales are in 8: what it stands for, its products, and what it takes. */

const OUT = 75;
const IN = 256;
const SCALES = (OUT * IN) / 64;
const random = new Random(5);
const WEIGHT = hostTensorFrom(
  'f32',
  [OUT, IN],
  random.fill(OUT * IN, () => random.normal(1)),
);

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

function quantized(scope: Scope, method: string): DeviceWeight {
  using tape = new Tape(gpu);
  const dense = scope.add(Tensor.from(gpu, WEIGHT));
  const quantizer = createQuantizer(ENGINE, { method, quantScale: true });
  const weight = quantizer.quantizeWeight(tape, dense, 'fc');
  scope.addAll(weight.parts);
  return weight;
}

const valuesIn = async (tensor: Tensor | undefined) =>
  Float64Array.from(valuesOf(await (tensor as Tensor).read()));

/** What the parts stand for: scales in float32 as bitsandbytes restores them, elements in float64. */
async function standsFor({ parts }: DeviceWeight, method: string): Promise<Float64Array> {
  const host = async (name: string) => ({ data: await valuesIn(parts[name]) });
  const scales = {
    ...{ format: dynamic, blocksize: 256, shape: [SCALES] },
    parts: { q: await host('absmax_q'), absmax: await host('nested_absmax') },
  };
  const [offset = 0] = (await host('nested_offset')).data;
  const absmax = { data: restored({ scales, offset }) };
  const format = blockFormatOf(method);
  const of = { packed: await host('packed'), absmax };
  return decoded({ format, blocksize: 64, shape: [OUT, IN], parts: of });
}

const identity = (n: number) =>
  hostTensorFrom(
    'f32',
    [n, n],
    Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
  );

describe.each(['nf4', 'fp4'])('%s', (method) => {
  test('stands for its codes times the scales that are restored', async () => {
    using scope = new Scope();
    const weight = quantized(scope, method);
    const truth = await standsFor(weight, method);
    using tape = new Tape(gpu);
    const actual = await valuesIn(decodedWeight(tape, weight, 'fc'));
    const largest = truth.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const off = truth.findIndex((x, i) => Math.abs(x - (actual[i] as number)) > 4 * EPS * largest);
    expect(off).toBe(-1);
    // Codes of 16 levels and scales of 256: near the weight, and not the weight.
    const errors = valuesOf(WEIGHT).map((x, i) => x - (truth[i] as number));
    const rms = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / errors.length);
    expect(rms).toBeGreaterThan(0.05);
    expect(rms).toBeLessThan(0.2);
  });

  test('multiplies forward and backward by just that, alone and below an adapter', async () => {
    using scope = new Scope();
    const upload = (host: Parameters<typeof Tensor.from>[1]) => scope.add(Tensor.from(gpu, host));
    const weight = quantized(scope, method);
    const stands = await (async () => {
      using tape = new Tape(gpu);
      return await valuesIn(decodedWeight(tape, weight, 'fc'));
    })();
    const zeros = (rows: number, columns: number) =>
      upload(hostTensorFrom('f32', [rows, columns], new Float64Array(rows * columns)));
    const tensors = { lora_A: zeros(2, IN), lora_B: zeros(OUT, 2) };
    const values = { names: ['fc.weight'], view: () => weight };
    const x = upload(identity(IN));
    const dy = upload(identity(OUT));
    const rows = upload(hostTensorFrom('f32', [OUT, IN], new Float64Array(OUT * IN)));
    const adapter = { r: 2, alpha: 4 };
    const given = { adapter, tensors, weight, trainsBias: false };
    for (const linear of [
      (layers: Layers, _: Tape, of: Tensor) => layers.linear('fc', of),
      (layers: Layers, on: Tape, of: Tensor) => adaptedLinear(on, layers, 'fc', of, given),
    ]) {
      using tape = new Tape(gpu, [rows]);
      const layers = new Layers(tape, values);
      const y = await valuesIn(linear(layers, tape, x));
      // Column k of the product with the identity is column k of W, row by row.
      const columns = Float64Array.from(
        y,
        (_, i) => stands[(i % OUT) * IN + Math.floor(i / OUT)] as number,
      );
      expect(y).toEqual(columns);
      const gradient = tape.backward(linear(layers, tape, rows), dy).get(rows);
      expect(await valuesIn(gradient)).toEqual(stands);
    }
  });

  test('takes what was foretold, 4.128 bits a number at most beside the map of the scales', () => {
    using scope = new Scope();
    const { parts } = quantized(scope, method);
    const bytes = Object.values(parts).reduce((sum, part) => sum + part.bytes, 0);
    const options = { method, quantScale: true };
    expect(bytes).toBe(predictedBytes(options, [OUT, IN]));
    expect(parts['code']?.bytes).toBe(1024);
    const ofLarge = predictedBytes(options, [512, 512]) - 1024;
    expect((8 * ofLarge) / 512 ** 2).toBeLessThan(4.128);
  });
});
