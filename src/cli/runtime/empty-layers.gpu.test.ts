import { afterAll, beforeAll, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { ModelValues } from '../../models/values.ts';
import { createQuantizer } from '../../quantizer/quantizer.ts';
import { methods } from '../../quantizer/registry.ts';
import { filledTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ENGINE } from '../../train/engine-quantizer.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Layers without elements stay as they are, by every method. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const EMPTY = [
  ['none.weight', [64, 0]],
  ['nothing.weight', [0, 64]],
] as const;

test.each([...methods.keys()])('%s keeps them, and names them', (method) => {
  const given = EMPTY.map(([name, shape]) => [name, filledTensor('f32', shape, () => 0)] as const);
  using values = new ModelValues(gpu, [], given);
  const { layers, kept } = createQuantizer(ENGINE, { method }).quantizeModel(
    { values },
    { rules: [{ layers: 'none', to: { method } }] },
  );
  expect(layers).toEqual([]);
  expect(kept).toEqual(['none.weight', 'nothing.weight']);
});

test.each(['nf4', 'int8', 'onnx_nbits'])('%s refuses such a weight by itself', (method) => {
  using tape = new Tape(gpu);
  using weight = Tensor.from(
    gpu,
    filledTensor('f32', [64, 0], () => 0),
  );
  expect(() => createQuantizer(ENGINE, { method }).quantizeWeight(tape, weight, 'none')).toThrow(
    `none 64x0 by ${method}: it has no elements`,
  );
});
