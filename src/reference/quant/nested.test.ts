import { expect, test } from 'vitest';
import { EPS, SECOND_ORDER } from '../bounds.ts';
import { nest, nestedBounds } from './nested.ts';

test('the largest of a block of compressed scales is off as the largest error of its own elements', () => {
  const params = { nested_blocksize: 2, nested_rounding: 'nearest' } as const;
  // Less their mean of 4 these are -2 and 1, 1 and 5, -4 and -1.
  const nested = nest(Float64Array.of(2, 5, 5, 9, 0, 3), params);
  expect([...nested.absmax]).toEqual([2, 5, 4]);
  const { absmax } = nestedBounds(nested, params, { depth: (terms) => terms, ieee: false });
  // The mean is 6 + 3 roundings of 4 off, the difference one of its size.
  const roundings = Array.from(absmax, (bound) => bound / (EPS * SECOND_ORDER));
  expect(roundings.map((x) => Number(x.toFixed(3)))).toEqual([38, 41, 40]);
});
