import * as v from 'valibot';
import { codes, size } from '../rules.ts';
import { signature } from '../signature.ts';

/** Codes of fewer bits than a byte, each in a byte of its own. */
export const unpackCodes = signature(
  { family: 'quant', name: 'unpack_codes', inBundles: false },
  v.strictObject({
    bits: v.picklist([1, 2, 3, 4, 5, 6, 8]),
    /**
     * `stream`: one after the other from the lowest bit up. `high` and `low`: a byte or word holds
     * one of each slice of the codes, that of the first slice in its highest or lowest bits.
     */
    order: v.picklist(['stream', 'high', 'low']),
    /** Shape of the codes. */
    shape: v.pipe(v.array(size), v.readonly()),
  }),
  {
    inputs: { packed: { dtypes: ['U8', 'I32'], native: ['u8', 'i32'], shape: '[*p]' } },
    outputs: { codes: codes(({ params }) => params.shape) },
  },
);
