import { expect, test } from 'vitest';
import type { Application } from '../graph/call.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { CaseContext } from './context.ts';
import { StoredProducts } from './stored-products.ts';

const application = (name: string, dtype: DType, backward = false) =>
  ({
    op: { name, family: 'lora_linear' },
    outputs: { y: { dtype } },
    ...(backward ? { gradients: {} } : {}),
  }) as unknown as Application<Tensor>;

/** What is said of ops that were seen where products should be in float16. */
function saidOf(...seen: readonly Application<Tensor>[]): string | undefined {
  const products = new StoredProducts();
  for (const each of seen) products.see(each);
  const t = new CaseContext({ ieee: true, seed: 1, injects: [] } as never);
  try {
    products.expect(t, 'f16');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test('all products must be stored in one format, whatever other ops and gradients are', () => {
  const right = [application('matmul', 'f16'), application('lora_linear', 'f16')];
  const besides = [application('softmax', 'f32'), application('matmul', 'f32', true)];
  expect(saidOf(...right, ...besides)).toBeUndefined();
  expect(saidOf(...right, application('matmul', 'bf16'))).toBe(
    'products are stored in f16 and bf16, and should be in f16',
  );
  expect(saidOf(application('matmul', 'f32'))).toBe(
    'products are stored in f32, and should be in f16',
  );
  expect(saidOf(...besides)).toBe('products are stored in , and should be in f16');
});
