import { expect, test } from 'vitest';
import type { QuantizedWeight } from '../../quant/weight.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { productOf } from './product.ts';

test.each([
  ['no op to multiply', {}],
  ['one that is not here', { multiply: { op: 'matmul_none', params: () => ({}) } }],
])('a weight whose format binds %s has no product', (_, ops) => {
  const weight = { format: { name: 'nf0', ops } } as unknown as QuantizedWeight<Tensor>;
  expect(() => productOf(weight)).toThrow('a weight in nf0 has no product');
});
