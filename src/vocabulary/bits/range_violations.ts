import * as v from 'valibot';
import { float, number } from '../rules.ts';
import { signature } from '../signature.ts';

/**
 * How many elements lie outside of a range, and the first; Infinity and NaN lie outside of every
 * range.
 */
export const rangeViolations = signature(
  { family: 'bits', name: 'range_violations', inBundles: false },
  v.strictObject({
    /** Both ends are inside; without them every finite number is. */
    low: v.exactOptional(number),
    high: v.exactOptional(number),
  }),
  {
    inputs: { x: float('[*x]') },
    outputs: {
      /** How many, and the flat index of the first: 2^32 - 1 where there is none. */
      found: { dtypes: ['I32'], native: ['u32'], shape: '[2]' },
    },
  },
);
