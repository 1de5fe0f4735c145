import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Transformer } from '../../models/transformer/transformer.ts';
import { isQuantized } from '../../quant/weight.ts';
import { createQuantizer } from '../../quantizer/quantizer.ts';
import { loadState, readState } from '../../quantizer/state.ts';
import { wrapSeam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What was refused leaves the model as it was, and nothing on the device. */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const SIZES = { vocab: 12, inner: 8, heads: 2, kvHeads: 1, headDim: 4, length: 4 };
const drawnModel = () => new Transformer(gpu, SIZES, new Random(1));
const quantized = ({ values: { names, view } }: Transformer) =>
  names.filter((name) => isQuantized(view(name)));

test.each([
  ['part', 'mlp.up_proj.weight_scale', undefined, 'the state lacks mlp.up_proj.weight_scale'],
  ['value', 'norm.weight', undefined, 'the state lacks norm.weight'],
  [
    'shape',
    'norm.weight',
    hostTensorFrom('f32', [2], [1, 1]),
    'norm.weight is f32 2 and should be f32 8',
  ],
])('a state with a wrong %s is refused', async (_, name, given, says) => {
  const quantizer = createQuantizer(new WebGpuBackend(gpu), { method: 'ternary' });
  using source = drawnModel();
  const { layers } = quantizer.quantizeModel(source);
  const { [name]: known, ...rest } = await readState(source.values, layers);
  expect(known).toBeDefined();
  using model = drawnModel();
  const before = gpu.memory.ledger.liveBytes;
  const state = given ? { ...rest, [name]: given } : rest;
  expect(() => loadState(quantizer, model, layers, state)).toThrow(says);
  expect(gpu.memory.ledger.liveBytes).toBe(before);
  expect(quantized(model)).toEqual([]);
});

test('a model that fails midway keeps its weights, and no part of another', () => {
  const quantizer = createQuantizer(new WebGpuBackend(gpu), { method: 'nf4' });
  using model = drawnModel();
  const before = gpu.memory.ledger.liveBytes;
  let parts = 0;
  using _ = wrapSeam('quantizer.kept', (original) => (...given) => {
    // The second part of the second layer.
    if (++parts === 4) throw new Error('the device is gone');
    return original(...given);
  });
  expect(() => quantizer.quantizeModel(model)).toThrow('the device is gone');
  expect(gpu.memory.ledger.liveBytes).toBe(before);
  expect(quantized(model)).toEqual([]);
});
