import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { ConvNet } from '../../models/conv-net/conv-net.ts';
import type { Policy } from '../../quantizer/policy.ts';
import { createQuantizer } from '../../quantizer/quantizer.ts';
import { QuantizerError } from '../../quantizer/quantizer-error.ts';
import { Random } from '../../tensor/random.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Batch normalizations are folded once, and before the convolutions that take them are quantized. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const keep: Policy = { rest: 'keep', foldBatchNorms: true };

test.each([
  [keep, 'foldBatchNorms: bn1 is folded already: leave it out'],
  [{}, 'foldBatchNorms: the weight of conv1 is quantized: fold before that, or leave it out'],
] as const)('after %j it is refused with what to do', (first: Policy, says) => {
  using model = new ConvNet(gpu, { channels: [3, 4, 8], classes: 2 }, new Random(1));
  const quantizer = createQuantizer(ENGINE, { method: 'int8' });
  quantizer.quantizeModel(model, first);
  const before = [...model.values.names];
  expect(() => quantizer.quantizeModel(model, keep)).toThrow(
    new QuantizerError('policy-unmatched', says),
  );
  expect(model.values.names).toEqual(before);
});
