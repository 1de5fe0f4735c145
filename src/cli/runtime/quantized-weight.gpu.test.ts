import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture } from '../../autograd/capture.ts';
import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { Layers } from '../../models/layers.ts';
import type { Format } from '../../quant/format.ts';
import { formats } from '../../quant/registry.ts';
import { decoded, type QuantizedWeight, withParts } from '../../quant/weight.ts';
import { product } from '../../reference/matmul/product.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A linear whose weight is quantized, without an adapter: forward, its gradient, and captured. */

const ROWS = 5;
const OUT = 12;
const IN = 64;

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

/**
 * Codes of -1, 0 and 1 with scales that are powers of two, so that products with integers are
 * exact.
 */
function draw(random: Random, format: Format): QuantizedWeight<HostTensor> {
  const blocksize = format.blocks === 'row' ? IN : format.blocks?.sizes[0];
  const values = Array.from(format.values);
  const whole = [values.indexOf(-1), format.zeroCode, values.indexOf(1)];
  const codes = Array.from({ length: OUT * IN }, () => whole[random.integer(0, 2)] as number);
  const bytes = format.packing.pack(codes, format.zeroCode);
  const scales = blocksize === undefined ? 1 : Math.ceil((OUT * IN) / blocksize);
  return {
    format,
    ...(blocksize === undefined ? {} : { blocksize }),
    shape: [OUT, IN],
    parts: {
      [format.parts.codes]: hostTensorFrom('u8', [bytes.length], bytes),
      [format.parts.scales]: hostTensorFrom(
        'f32',
        [scales],
        random.fill(scales, () => 2 ** random.integer(-2, 2)),
      ),
    },
  };
}

const integers = (random: Random, rows: number, columns: number): HostTensor =>
  hostTensorFrom(
    'f32',
    [rows, columns],
    random.fill(rows * columns, () => random.integer(-8, 8)),
  );

const matrix = (tensor: HostTensor) => ({ shape: tensor.shape, data: valuesOf(tensor) });

const withProduct = [...formats.values()].filter(({ ops }) => ops.multiply);

test('formats with a product exist', () => {
  expect(withProduct.map(({ name }) => name)).toEqual(expect.arrayContaining(['nf4', 'ternary']));
});

describe.each(withProduct)('a linear in $name', (format) => {
  const random = new Random(7);
  const host = draw(random, format);
  const x = integers(random, ROWS, IN);
  const dy = integers(random, ROWS, OUT);
  const truth = { shape: [OUT, IN], data: decoded(withParts(host, matrix)) };

  /** What `run` gives, with the weight and the rows on the device. */
  async function onDevice<T>(
    run: (layers: (tape: Tape) => Layers, x: Tensor, scope: Scope) => Promise<T>,
  ): Promise<T> {
    using scope = new Scope();
    const upload = (tensor: HostTensor) => scope.add(Tensor.from(gpu, tensor));
    const before = gpu.memory.ledger.liveBytes;
    const weight = withParts(host, upload);
    const resident = Object.values(weight.parts).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(resident).toBeLessThan((OUT * IN * 4) / 2);
    expect(gpu.memory.ledger.liveBytes - before).toBeLessThan(OUT * IN * 4);
    const parameters = { names: ['linear.weight'], view: () => weight };
    return await run((tape) => new Layers(tape, parameters), upload(x), scope);
  }

  test('gives x W^T and the gradient dy W', async () => {
    await onDevice(async (layers, input, scope) => {
      using tape = new Tape(gpu, [input]);
      const y = layers(tape).linear('linear', input);
      expect(valuesOf(await y.read())).toEqual(product(matrix(x), truth, false, true).data);
      const seed = scope.add(Tensor.from(gpu, dy));
      const gradient = tape.backward(y, seed).get(input) as Tensor;
      expect(valuesOf(await gradient.read())).toEqual(
        product(matrix(dy), truth, false, false).data,
      );
    });
  });

  test('is captured as it stands', async () => {
    await onDevice(async (layers, input) => {
      using step = await capture(gpu, () => {
        using tape = new Tape(gpu);
        return {
          y: layers(tape)
            .linear('linear', input)
            .view([ROWS * OUT]),
        };
      });
      expect(valuesOf(await step.run().y.read())).toEqual(
        product(matrix(x), truth, false, true).data,
      );
    });
  });
});
