import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { quantizeBlocks } from '../../ops/quant/quantize.ts';
import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf, blockFormats } from '../../quant/registry.ts';
import { representable } from '../../reference/quant/quantize.samples.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * A format whose blocks are rows, as one that is added may have: 32 elements, which an invocation makes
 * codes of, are of several blocks. The blocks of the formats here are whole 32s.
 */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu?.[Symbol.dispose]());
afterEach(() => void vi.restoreAllMocks());

const nf4 = blockFormatOf('nf4');
const levels = Array.from(nf4.values);
const byRow: BlockFormat = { ...nf4, blocks: 'row' };

/** Codes and scales of rows of values that codes hold exactly, beside those that are right. */
async function quantized(rows: number, columns: number) {
  vi.spyOn(blockFormats as Map<string, BlockFormat>, 'get').mockReturnValue(byRow);
  const shape = [rows, columns];
  const values = representable('nf4', columns)(new Random(rows * columns), shape);
  const scales = Array.from({ length: rows }, (_, row) => values[row * columns] as number);
  const codes = Array.from(values, (x, i) =>
    levels.indexOf(Math.fround(x / (scales[Math.floor(i / columns)] as number))),
  );
  using weight = Tensor.from(gpu, hostTensorFrom('f32', shape, values));
  const made = quantizeBlocks(gpu, weight, { quant_type: 'nf4', blocksize: columns });
  using packed = made.packed;
  using absmax = made.absmax;
  const [bytes, largest] = await Promise.all([packed.read(), absmax.read()]);
  return {
    found: [[...bytes.data], [...largest.data]],
    right: [[...nf4.packing.pack(codes, nf4.zeroCode)], scales],
  };
}

test.each([
  [7, 12],
  [5, 20],
  [9, 7],
  [3, 52],
  [4, 32],
])('%i rows of %i columns have a scale each', async (rows, columns) => {
  const { found, right } = await quantized(rows, columns);
  expect(found).toEqual(right);
});

test.each(['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((four, i) => [four, i + 1] as const))(
  'scales of other elements show in four %s of an invocation',
  async (four, i) => {
    const statement = (at: string) => `stream = with_four(stream, x.${four}, ${at}, scale);`;
    using _ = gpu.recorder.pipelines.edit('quant/quantize', {
      from: statement(`i + ${i}u`),
      to: statement(`i - ${i}u`),
    });
    const { found, right } = await quantized(24, 12);
    expect(found).not.toEqual(right);
  },
);
