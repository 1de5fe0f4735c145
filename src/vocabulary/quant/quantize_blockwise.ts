import * as v from 'valibot';
import { codes, float, size, weight } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';
import { ROUNDING } from './rounding.ts';

/** bitsandbytes' quantize_blockwise: 8-bit codes of a table, and a scale a block. */
export const quantizeBlockwise = signature(
  { family: 'quant', name: 'quantize_blockwise' },
  v.strictObject({
    blocksize: v.optional(size, 4096),
    /** Which dynamic map `code` is; the map itself decides. */
    signed: v.optional(v.boolean(), true),
    rounding: ROUNDING,
  }),
  {
    inputs: {
      x: { ...weight('[*x]'), native: ['f32'] },
      code: { ...float('[256]'), ascending: true },
    },
    outputs: {
      q: codes('[*x]'),
      absmax: float(({ size: n, params: { blocksize } }) => [blocks(n('x'), blocksize)]),
      dequant: float('[*x]'),
    },
  },
);
