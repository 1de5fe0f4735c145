import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { calibrate, multiplied } from '../../quantizer/coding.ts';
import type { LayerOptions } from '../../quantizer/policy.ts';
import { createQuantizer } from '../../quantizer/quantizer.ts';
import { heldAs } from '../../tensor/half.ts';
import { filledTensor, type HostTensor, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Products that take codes of x, computed in halves. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const random = new Random(5);
const WEIGHT = filledTensor('f32', [12, 36], () => random.normal());
const X = filledTensor('f32', [7, 36], () => random.normal(3));

const inHalves = (dtype: 'f16' | 'bf16', { shape, data }: HostTensor): HostTensor => {
  const values = Array.from(data, (x) => heldAs(dtype, Number(x)));
  return filledTensor('f32', shape, (i) => values[i] as number);
};

/** y = x W^T by a layer whose scale of x, where it has one, follows `seen`. */
async function product(
  options: LayerOptions,
  given: HostTensor,
  seen = given,
): Promise<HostTensor> {
  using tape = new Tape(gpu);
  using weight = Tensor.from(gpu, WEIGHT);
  using x = Tensor.from(gpu, given);
  using batch = Tensor.from(gpu, seen);
  const made = createQuantizer(ENGINE, options).quantizeWeight(tape, weight, 'fc');
  calibrate(tape, made, batch, 'fc');
  const y = await multiplied(tape, made, x, 'fc').read();
  for (const part of Object.values(made.parts)) part[Symbol.dispose]();
  return y;
}

const TYPES = { float16: 'f16', bfloat16: 'bf16' } as const;

test.each([
  [{ method: 'llm_int8' }, 'float16'],
  [{ method: 'bitnet_int8' }, 'bfloat16'],
  [{ method: 'quanto_w8a8' }, 'float16'],
  [{ method: 'quanto_int8', activations: 'qfloat8_e4m3fn' }, 'bfloat16'],
] as const)('%j in %s rounds x to it before codes, and y behind them', async (options, to) => {
  const dtype = TYPES[to];
  const inFloats = await product(options, inHalves(dtype, X), X);
  const computed = await product({ ...options, computeDtype: to }, X);
  expect(valuesOf(computed)).toEqual(valuesOf(inHalves(dtype, inFloats)));
  expect(valuesOf(computed)).not.toEqual(valuesOf(inFloats));
});
