import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { ReferenceBackend } from '../../src/backends/reference.ts';
import { ContenderBackend } from '../../src/bench/contender-backend.ts';
import { callOf } from '../../src/graph/call.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { scaledDotProductAttention } from '../../src/vocabulary/attention/scaled_dot_product_attention.ts';
import { matmul } from '../../src/vocabulary/matmul/matmul.ts';
import { silu } from '../../src/vocabulary/nn/silu.ts';
import { OrtContender } from './contender.ts';
import { operators } from './onnx/operators.ts';
import { wasmProvider } from './wasm.ts';

const random = new Random(1);
const drawn = (...shape: number[]) => {
  const data = Array.from({ length: sizeOf(shape) }, () => random.normal());
  return hostTensorFrom('f32', shape, data);
};
const backend = new ContenderBackend(new OrtContender(wasmProvider(ort)), operators.keys());

test('calls of single ops are computed by ONNX Runtime', async () => {
  for (const call of [
    callOf(matmul, { a: drawn(3, 37), b: drawn(5, 37) }, { transpose_b: true }),
    callOf(silu, { x: drawn(7, 11) }, {}),
  ]) {
    expect(backend.supports(call.op.name)).toBe(true);
    const { y } = (await backend.run(call)).outputs;
    const { y: truth } = (await new ReferenceBackend().run(call)).outputs;
    if (!y || !truth) throw new Error('no result');
    expect(y.shape).toEqual(truth.shape);
    for (const [i, x] of valuesOf(truth).entries())
      expect(Math.abs((valuesOf(y)[i] as number) - x)).toBeLessThanOrEqual(
        1e-5 + 1e-3 * Math.abs(x),
      );
  }
});

test('a call that it has no graph for is refused with the reason', async () => {
  const q = drawn(1, 4, 8);
  const params = { causal: true, heads: 2, kv_heads: 2 };
  await expect(
    backend.run(callOf(scaledDotProductAttention, { q, k: q, v: q }, params)),
  ).rejects.toMatchObject({
    code: 'not-implemented',
    message: expect.stringContaining('heads that are not apart'),
  });
  expect(backend.supports('rotary_embedding_cache')).toBe(operators.has('rotary_embedding_cache'));
});
