import { expect, test } from 'vitest';
import { recordOf } from '../registry.ts';

const of = (...numbers: readonly number[]) => {
  const x = { shape: [numbers.length], data: Float64Array.from(numbers) };
  return [false, true].map((select_last_index) => {
    const params = { axis: 0, keepdims: false, select_last_index };
    const { y } = recordOf('argmax').forward({ x }, params);
    return y?.data[0];
  });
};

test('what is no number is the largest, as in torch', () => {
  expect(of(1, 3, 2)).toEqual([1, 1]);
  expect(of(1, Number.NaN, 2)).toEqual([1, 1]);
  expect(of(1, Number.NaN, 2, Number.NaN)).toEqual([1, 3]);
  expect(of(7, 7, 1)).toEqual([0, 1]);
});
