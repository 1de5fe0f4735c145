import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { ModelValues } from '../../models/values.ts';
import { decodedWeight } from '../../quantizer/coding.ts';
import type { LayerOptions } from '../../quantizer/policy.ts';
import { createQuantizer, predictedBytes } from '../../quantizer/quantizer.ts';
import { methods } from '../../quantizer/registry.ts';
import { loadState, readState } from '../../quantizer/state.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Models whose weights are stored in halves: some libraries store the scales of these so, too. */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const SHAPE = [8, 128];
const NAME = 'fc.weight';

const CHOICES: readonly LayerOptions[] = [
  ...Array.from(methods.keys(), (method) => ({ method })),
  { method: 'quanto_int', groupSize: 'channel', axis: -1 },
  { method: 'quanto_int8', activations: 'qint8', outputs: true },
];

const valuesWith = (weight: HostTensor) => new ModelValues(gpu, [], [[NAME, weight]]);

describe.each(['f16', 'bf16'] as const)('weights in %s', (dtype) => {
  test.each(CHOICES)('are quantized, read back and loaded by $method', async (options) => {
    const random = new Random(3);
    const weight = filledTensor(dtype, SHAPE, () => random.normal(0.05));
    const quantizer = createQuantizer(new WebGpuBackend(gpu), options);
    using values = valuesWith(weight);
    const { layers, bytesAfter } = quantizer.quantizeModel({ values });
    expect(bytesAfter).toBe(predictedBytes(options, SHAPE, dtype));

    using others = valuesWith(hostTensorFrom(dtype, SHAPE, new Float64Array(8 * 128)));
    loadState(quantizer, { values: others }, layers, await readState(values, layers));
    const decoded = async (of: ModelValues) => {
      using tape = new Tape(gpu);
      const made = of.view(NAME);
      if (!('parts' in made)) throw new Error('the weight is in floats');
      return await decodedWeight(tape, made, 'fc').read();
    };
    expect(await decoded(others)).toEqual(await decoded(values));
  });
});
