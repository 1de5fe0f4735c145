import * as v from 'valibot';
import { float, size } from '../rules.ts';
import { signature } from '../signature.ts';

/** bitsandbytes' table of a float of at most 8 bits with a dynamic exponent. */
export const dynamicMap = signature(
  { family: 'quant', name: 'dynamic_map' },
  v.strictObject({
    signed: v.optional(v.boolean(), true),
    /** Without a sign all bits but one. */
    max_exponent_bits: v.optional(v.pipe(size, v.maxValue(8)), 7),
    total_bits: v.optional(v.pipe(size, v.minValue(2), v.maxValue(8)), 8),
  }),
  { inputs: {}, outputs: { code: float('[256]') } },
);
