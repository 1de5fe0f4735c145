import { expect, test } from 'vitest';
import { FLUSH } from '../bounds.ts';
import { recordOf } from '../registry.ts';

test('a scale and a parameter may be flushed, a parameter once more with each step taken', () => {
  const value = (...numbers: readonly number[]) => ({
    shape: [numbers.length],
    data: Float64Array.from(numbers),
  });
  const outputs = { scale: value(2 ** -120, 2 ** -120, 2 ** -121), param: value(0, 0, 0) };
  const { scale, param } = recordOf('grad_scaler').acceptance(
    { found_inf: value(0, 1, 0) },
    outputs,
    {},
    { depth: (terms) => terms, ieee: false },
  );
  if (scale?.kind !== 'within' || param?.kind !== 'within') throw new TypeError('no bounds');
  // A rounding of 2^-120 is 2^-143, which is little beside 2^-126.
  expect(Array.from(scale.bound, (x) => (x / FLUSH).toFixed(3))).toEqual([
    '1.000',
    '1.000',
    '1.000',
  ]);
  expect(Array.from(param.bound, (x) => x / FLUSH)).toEqual([1, 1, 2]);
});
