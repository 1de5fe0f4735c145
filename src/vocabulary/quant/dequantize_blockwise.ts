import * as v from 'valibot';
import { codes, float, size } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';

/** bitsandbytes' dequantize_blockwise: the value of each 8-bit code times the absmax of its block. */
export const dequantizeBlockwise = signature(
  { family: 'quant', name: 'dequantize_blockwise', inBundles: false },
  v.strictObject({ blocksize: v.optional(size, 4096) }),
  {
    inputs: {
      q: codes('[*x]'),
      code: float('[256]'),
      absmax: float(({ size: n, params: { blocksize } }) => [blocks(n('x'), blocksize)]),
    },
    outputs: { y: float('[*x]') },
  },
);
