import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { present } from '../../graph/call.ts';
import { quantoQuantize } from '../../ops/quant/quanto_quantize.ts';
import { decodedWeight, multiplied } from '../../quantizer/coding.ts';
import { widthOf } from '../../quantizer/method.ts';
import type { LayerOptions } from '../../quantizer/policy.ts';
import { createQuantizer, predictedBytes } from '../../quantizer/quantizer.ts';
import { recordOf } from '../../reference/registry.ts';
import { filledTensor, type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Heads of one output: Quanto scales each element of such a row where it is one group. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

/** The weight, what it is decoded to, and its product with the identity. */
async function madeOf(options: LayerOptions, shape: Shape) {
  using scope = new Scope();
  const random = new Random(7);
  const weight = filledTensor('f32', shape, () => random.normal(0.05));
  const width = widthOf(shape);
  const identity = Array.from({ length: width * width }, (_, i) => Number(i % (width + 1) === 0));
  const upload = (host: typeof weight) => scope.add(Tensor.from(gpu, host));
  const tape = scope.add(new Tape(gpu));
  const quantizer = createQuantizer(ENGINE, options);
  const made = quantizer.quantizeWeight(tape, upload(weight), 'score');
  scope.addAll(made.parts);
  const bytes = Object.values(made.parts).reduce((sum, part) => sum + part.bytes, 0);
  expect(bytes).toBe(predictedBytes(options, shape));
  const decoded = valuesOf(await decodedWeight(tape, made, 'score').read());
  if (shape.length > 2) return { weight: valuesOf(weight), decoded, product: decoded };
  const x = upload(hostTensorFrom('f32', [width, width], identity));
  const product = valuesOf(await multiplied(tape, made, x, 'score').read());
  return { weight: valuesOf(weight), decoded, product };
}

test.each([
  [{ method: 'quanto_int' }, [1, 64]],
  [{ method: 'quanto_int' }, [1, 30]],
  [{ method: 'quanto_int', bits: 2, groupSize: 128 }, [1, 128]],
  [{ method: 'quanto_int', groupSize: 32 }, [1, 8, 2, 2]],
] as const)('%j keeps %j as it is, as its own optimizer does', async (options, shape) => {
  const { weight, decoded, product } = await madeOf(options, shape);
  expect(decoded).toEqual(weight);
  expect(product).toEqual(decoded);
});

test.each([
  [{ method: 'quanto_int', groupSize: 32 }, [1, 64], 15],
  [{ method: 'quanto_int8' }, [1, 64], 127],
  [{ method: 'quanto_int8', axis: -1 }, [64, 1], 127],
] as const)('%j rounds %j by the scale of a group', async (options, shape, levels) => {
  const { weight, decoded } = await madeOf(options, shape);
  const range = Math.max(...weight) - Math.min(...weight);
  for (const [i, x] of decoded.entries())
    expect(Math.abs(x - (weight[i] as number))).toBeLessThan(range / levels);
  expect(decoded).not.toEqual(weight);
});

test.each([
  [[1, 3, 4], { qtype: 'qint4' }],
  [[1, 3, 4], { qtype: 'qint2', group_size: 12 }],
  [[1, 12], { qtype: 'qint8' }],
  [[12, 1], { qtype: 'qfloat8_e5m2', axis: -1 }],
] as const)('the kernel groups %j by %j as the record does', async (shape, params) => {
  using scope = new Scope();
  // Apart by powers of two, so that every code is far from its neighbours' band.
  const values = hostTensorFrom('f32', shape, [0, 1, 2, 4, 8, 7, 6, 5, -1, -2, -4, -8]);
  const weight = scope.add(Tensor.from(gpu, values));
  const made = scope.addAll(present(quantoQuantize.forward(gpu, { weight }, params)));
  const given = { weight: { shape, data: valuesOf(values) } };
  const expected = recordOf('quanto_quantize').forward(given, { axis: 0, ...params });
  for (const [name, { shape: own, data }] of Object.entries(expected)) {
    const read = await (made as Tensors)[name]?.read();
    expect(read?.shape, name).toEqual(own);
    const far = Array.from(valuesOf(read as HostTensor), (x, i) =>
      Math.abs(x - (data[i] as number)),
    );
    expect(Math.max(...far), name).toBeLessThan(2 ** -18);
  }
});

test('a convolution of one output that is no groups is refused', async () => {
  const options = { method: 'quanto_int', groupSize: 'channel' } as const;
  await expect(madeOf(options, [1, 8, 2, 2])).rejects.toThrow(
    'score 1x8x2x2 by quanto_int: of a convolution of one output Quanto scales the columns',
  );
});
