import { expect, test } from 'vitest';
import { hostTensorFrom } from '../tensor/host.ts';
import { single, valuesOfHosts } from './values.ts';

test('a single number is a tensor of one element', () => {
  expect(single(3)).toEqual({ shape: [1], data: Float64Array.of(3) });
});

test('values of tensors keep shape and type, and have their numbers', () => {
  const hosts = {
    x: hostTensorFrom('f16', [1, 2], [0.1, -2]),
    ids: hostTensorFrom('i32', [3], [1, -2, 3]),
  };
  expect(valuesOfHosts(hosts)).toEqual({
    // The nearest float16 of 0.1.
    x: { shape: [1, 2], dtype: 'f16', data: Float64Array.of(1638 / 2 ** 14, -2) },
    ids: { shape: [3], dtype: 'i32', data: Float64Array.of(1, -2, 3) },
  });
});
