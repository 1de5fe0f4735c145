import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { present } from '../../graph/call.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { launchers } from '../../ops/registry.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * Matrices without columns: sums of no terms are 0, and so are the gradients of what they are made
 * of.
 */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const DTYPES: Readonly<Record<string, DType>> = { packed: 'u8', q: 'i8', ids: 'i32' };
/** Of everything one, so that whatever is added too much shows. */
const ones = (scope: Scope, name: string, shape: Shape) =>
  scope.add(
    Tensor.from(
      gpu,
      hostTensorFrom(DTYPES[name] ?? 'f32', shape, new Float32Array(sizeOf(shape)).fill(1)),
    ),
  );
const upload = (scope: Scope, inputs: Readonly<Record<string, Shape>>): Tensors =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [name, ones(scope, name, shape)]),
  );

const LORA = { r: 2, alpha: 1 };
const STEP = { input_scale: [1] };

describe.each<[string, string, Readonly<Record<string, Shape>>, object, readonly string[]]>([
  ['ternary_matmul', 'no terms', { x: [3, 0], packed: [0] }, { out_features: 4 }, ['x']],
  ['ternary_matmul', 'no outputs', { x: [3, 4], packed: [0] }, { out_features: 0 }, ['x']],
  ['bitnet_linear', 'no terms', { x: [3, 0], packed: [0], scale: [1] }, { out_features: 4 }, ['x']],
  ['bitnet_linear', 'no rows', { x: [0, 5], packed: [5], scale: [1] }, { out_features: 4 }, ['x']],
  ['quanto_linear', 'no terms', { x: [3, 0], q: [4, 0], scale: [4, 1], ...STEP }, {}, ['x']],
  ['quanto_linear', 'no rows', { x: [0, 5], q: [4, 5], scale: [4, 1], ...STEP }, {}, ['x']],
  ['quanto_linear', 'no outputs', { x: [3, 5], q: [0, 5], scale: [0, 1], ...STEP }, {}, ['x']],
  [
    'swiglu_mlp',
    'no terms',
    { x: [2, 0], gate: [5, 0], up: [5, 0], down: [3, 5] },
    {},
    ['x', 'gate', 'up', 'down'],
  ],
  [
    'swiglu_mlp',
    'no inner columns',
    { x: [2, 4], gate: [0, 4], up: [0, 4], down: [3, 0] },
    {},
    ['x', 'gate', 'up', 'down'],
  ],
  [
    'lora_linear',
    'no terms',
    { x: [2, 0], weight: [5, 0], lora_A: [2, 0], lora_B: [5, 2] },
    LORA,
    ['x', 'lora_A', 'lora_B'],
  ],
  [
    'lora_linear',
    'no outputs',
    { x: [2, 3], weight: [0, 3], lora_A: [2, 3], lora_B: [0, 2] },
    LORA,
    ['x', 'lora_A', 'lora_B'],
  ],
])('%s of %s', (name, _, shapes, params, wanted) => {
  const op = launchers.get(name) as Launcher;

  test('is 0, and its gradients are', async () => {
    using scope = new Scope();
    const inputs = upload(scope, shapes);
    const outputs = scope.addAll(op.forward(gpu, inputs, params));
    const y = outputs['y'] as Tensor;
    const grads = { y: ones(scope, 'y', y.shape) };
    const gradients = scope.addAll(
      present(op.backward(gpu, { inputs, outputs, grads, params, wants: new Set(wanted) })),
    );
    expect(Object.keys(gradients).sort()).toEqual([...wanted].sort());
    for (const [input, gradient] of Object.entries(gradients))
      expect(gradient.shape, input).toEqual(shapes[input]);
    for (const tensor of [y, ...Object.values(gradients)]) {
      expect([...(await tensor.read()).data]).toEqual(Array.from({ length: tensor.size }, () => 0));
    }
  });
});

test.each([
  ['embedding', { weight: [0, 3], ids: [2] }],
  ['gather', { x: [0, 3], indices: [2] }],
])('%s refuses to read rows of none', (name, shapes) => {
  using scope = new Scope();
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([input, shape]) => [
      input,
      ones(scope, input === 'indices' ? 'ids' : input, shape),
    ]),
  );
  const before = gpu.memory.ledger.liveBytes;
  expect(() => launchers.get(name)?.forward(gpu, inputs as never, {} as never)).toThrow(
    GradproofError,
  );
  expect(gpu.memory.ledger.liveBytes).toBe(before);
});
