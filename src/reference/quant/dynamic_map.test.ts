import { expect, test } from 'vitest';
import { recordOf } from '../registry.ts';

test.each([
  [true, 5, 8, undefined],
  [true, 8, 6, undefined],
  [false, 6, 7, undefined],
  [false, 6, 8, 'an unsigned map of 8 bits with 6 of exponent'],
  [false, 7, 7, 'an unsigned map of 7 bits with 7 of exponent'],
])(
  'a map (signed: %s) with %d bits of exponent of %d: %s',
  (signed, max_exponent_bits, total_bits, reason) => {
    const params = { signed, max_exponent_bits, total_bits };
    expect(recordOf('dynamic_map').unsupported?.({}, params)).toBe(reason);
  },
);
