import { describe, expect, test } from 'vitest';
import { type HostAdapterOptions, hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { scaledDotProductAttention } from './attention/scaled_dot_product_attention.ts';
import { launcher } from './launcher.ts';
import { argmax } from './math/argmax.ts';
import { mul } from './math/mul.ts';
import { matmul } from './matmul/matmul.ts';
import { softmax } from './nn/softmax.ts';

const setUp = async (options: HostAdapterOptions = {}) => {
  const { gpu, host } = await hostGpu(options);
  const tensor = (shape: Shape, dtype: DType = 'f32') => Tensor.empty(gpu, dtype, shape);
  const kernels = () => host.dispatches.map(({ label }) => label);
  return { gpu, host, tensor, kernels };
};

describe('an op', () => {
  test('of halves gives halves, and leaves nothing else allocated', async () => {
    const { gpu, tensor } = await setUp();
    const a = tensor([4], 'f16');
    const b = tensor([4], 'f16');
    const { y } = mul.forward(gpu, { a, b }, {});
    expect([y.dtype, gpu.memory.ledger.liveBuffers]).toEqual(['f16', 3]);
    const grads = { y: tensor([4], 'f16') };
    const context = { inputs: { a, b }, outputs: { y }, grads, params: {} };
    const gradients = mul.backward(gpu, { ...context, wants: new Set(['b']) });
    expect([Object.keys(gradients), gradients.b?.dtype]).toEqual([['b'], 'f16']);
    expect(gpu.memory.ledger.liveBuffers).toBe(5);
  });

  test('gives gradients in the types of its inputs, and computes no others', async () => {
    const { gpu, tensor, host } = await setUp();
    const inputs = { a: tensor([4], 'f16'), b: tensor([4]) };
    const { y } = mul.forward(gpu, inputs, {});
    expect(y.dtype).toBe('f32');
    const context = { inputs, outputs: { y }, grads: { y: tensor([4]) }, params: {} };
    const { a, b } = mul.backward(gpu, { ...context, wants: new Set(['a', 'b']) });
    expect([a?.dtype, b?.dtype]).toEqual(['f16', 'f32']);
    gpu.submit();
    const before = host.dispatches.length;
    expect(mul.backward(gpu, { ...context, wants: new Set() })).toEqual({});
    gpu.submit();
    expect(host.dispatches).toHaveLength(before);
  });

  test('takes gradients from outputs as they were before they were stored in halves', async () => {
    const { gpu, tensor, kernels } = await setUp();
    const inputs = { x: tensor([2, 3], 'f16') };
    const outputs = softmax.forward(gpu, inputs, {});
    gpu.submit();
    const before = kernels().length;
    const grads = { y: tensor([2, 3], 'f16') };
    const context = { inputs, outputs, grads, params: {}, wants: new Set(['x']) };
    softmax.backward(gpu, context);
    gpu.submit();
    // y is computed again, and what was stored of it is not read.
    expect(kernels().slice(before).toSorted()).toEqual([
      ...['math/cast', 'nn/softmax', 'nn/softmax_backward'],
    ]);
  });

  test('computes no output again that its gradients do not read', async () => {
    const { gpu, tensor, kernels } = await setUp();
    const inputs = { a: tensor([4], 'f16'), b: tensor([4], 'f16') };
    const outputs = mul.forward(gpu, inputs, {});
    gpu.submit();
    const before = kernels().length;
    const grads = { y: tensor([4], 'f16') };
    mul.backward(gpu, { inputs, outputs, grads, params: {}, wants: new Set(['a']) });
    gpu.submit();
    expect(kernels().slice(before)).toEqual(['math/mul', 'math/cast']);
  });

  test('gives backward what it remembers of an output, and computes it not again', async () => {
    const { gpu, tensor, kernels } = await setUp();
    const inputs = {
      q: tensor([1, 2, 4], 'f16'),
      k: tensor([1, 2, 4], 'f16'),
      v: tensor([1, 2, 4], 'f16'),
    };
    const outputs = scaledDotProductAttention.forward(gpu, inputs, {});
    expect(outputs.y.dtype).toBe('f16');
    gpu.submit();
    const before = kernels().length;
    const grads = { y: tensor([1, 2, 4], 'f16') };
    scaledDotProductAttention.backward(gpu, {
      ...{ inputs, outputs, grads, params: {} },
      wants: new Set(['q']),
    });
    gpu.submit();
    const then = kernels().slice(before);
    expect(then.filter((kernel) => /attention_(tiled|flash)$/.test(kernel))).toEqual([]);
    expect(then).toContain('attention/attention_delta');
  });

  test.each([
    [{}, 4, ['f16', 'bf16', 'f16']],
    [{ widens: true }, 32, ['f32', 'f32', 'f32']],
    [{ widens: 'few lanes' }, 4, ['f32', 'f32', 'f32']],
    [{ widens: 'few lanes' }, 32, ['f16', 'bf16', 'f16']],
  ] as const)(
    'gives backward halves as they lie, or in float32: %j, %i lanes',
    async (storage, widestSubgroup, expected) => {
      const { gpu, tensor } = await setUp({ widestSubgroup });
      const seen: unknown[] = [];
      const told = launcher(
        { ...mul.signature, name: 'told' },
        {
          variants: { one: { kernels: [] } },
          storage,
          forward: (_gpu, { a }) => ({ y: tensor(a.shape) }),
          backward: (_gpu, { inputs: { a, b }, grads }) => {
            seen.push(a.dtype, b.dtype, grads.y.dtype);
            return {};
          },
        },
      );
      const inputs = { a: tensor([4], 'f16'), b: tensor([4], 'bf16') };
      const grads = { y: tensor([4], 'f16') };
      const context = { inputs, outputs: { y: tensor([4]) }, grads, params: {} };
      told.backward(gpu, { ...context, wants: new Set(['a']) });
      expect(seen).toEqual(expected);
    },
  );

  test('computes outputs again as it computed them', async () => {
    const { gpu, tensor } = await setUp();
    const seen: unknown[] = [];
    const told = launcher(
      { ...softmax.signature, name: 'told' },
      {
        variants: { one: { kernels: [] }, two: { kernels: [] } },
        forward: (_gpu, { x }, { axis }, variant) => {
          seen.push([axis, x.dtype, variant]);
          return { y: tensor(x.shape) };
        },
        backward: (_gpu, { outputs }) => ({ x: tensor(outputs.y.shape) }),
      },
    );
    const inputs = { x: tensor([2, 3], 'f16') };
    const params = { axis: 0 };
    const outputs = told.forward(gpu, inputs, params, 'two');
    const grads = { y: tensor([2, 3], 'f16') };
    told.backward(gpu, { inputs, outputs, grads, params, wants: new Set(['x']), variant: 'two' });
    expect(seen).toEqual([
      [0, 'f16', 'two'],
      [0, 'f16', 'two'],
    ]);
  });

  test('runs as it is asked to, and else as suits the adapter', async () => {
    const { gpu, tensor, kernels } = await setUp();
    const inputs = { a: tensor([64, 8]), b: tensor([8, 64]) };
    const outputs = matmul.forward(gpu, inputs, {}, 'register');
    matmul.forward(gpu, inputs, {});
    const context = { inputs, outputs, grads: { y: tensor([64, 64]) }, params: {} };
    const wants = new Set(['a']);
    matmul.backward(gpu, { ...context, wants, variant: 'register' });
    gpu.submit();
    expect(kernels()).toEqual(['matmul/register', 'matmul/split', 'matmul/register']);
  });

  test('runs as suits its inputs, forward and backward', async () => {
    const { gpu, tensor } = await setUp();
    gpu.tuned = [{ variant: 'wide', ops: ['told'], width: [3, 3] }];
    const seen: string[] = [];
    const told = launcher(
      { ...softmax.signature, name: 'told' },
      {
        variants: {
          any: { kernels: [] },
          wide: { kernels: [] },
        },
        forward: (_gpu, { x }, _params, variant) => {
          seen.push(variant);
          return { y: tensor(x.shape) };
        },
        backward: (_gpu, { inputs: { x } }, variant) => {
          seen.push(variant);
          return { x: tensor(x.shape) };
        },
      },
    );
    for (const shape of [
      [2, 3],
      [3, 2],
    ]) {
      const inputs = { x: tensor(shape) };
      const outputs = told.forward(gpu, inputs, {});
      const grads = { y: tensor(shape) };
      told.backward(gpu, { inputs, outputs, grads, params: {}, wants: new Set(['x']) });
    }
    expect(seen).toEqual(['wide', 'wide', 'any', 'any']);
  });

  test('without gradients says so', async () => {
    const { gpu, tensor } = await setUp();
    const inputs = { x: tensor([4]) };
    const call = { inputs, outputs: {}, grads: {}, params: {}, wants: new Set<string>() };
    expect(() => argmax.backward(gpu, call as never)).toThrow('argmax has no backward pass');
  });

  test('refuses a tensor of another device with the names of both', async () => {
    const { gpu, tensor } = await setUp();
    const other = await setUp();
    const call = () => mul.forward(gpu, { a: tensor([4]), b: other.tensor([4]) }, {});
    const own = gpu.device.label;
    expect(call).toThrow(`mul: b is of ${other.gpu.device.label}, and mul runs on ${own}: read it`);
    expect(own).not.toBe(other.gpu.device.label);
  });
});
