import { expect, test } from 'vitest';
import { recordOf } from '../registry.ts';

test.each([
  [7, 8, undefined],
  [6, 8, 'a map of 8 bits with 6 of exponent'],
  [7, 7, 'a map of 7 bits with 7 of exponent'],
])('a map with %d bits of exponent of %d: %s', (max_exponent_bits, total_bits, reason) => {
  const params = { signed: true, max_exponent_bits, total_bits };
  expect(recordOf('dynamic_map').unsupported?.({}, params)).toBe(reason);
});
