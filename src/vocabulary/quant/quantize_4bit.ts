import * as v from 'valibot';
import { FOUR_BIT_BLOCK_SIZES } from '../../quant/bitsandbytes.ts';
import { FOUR_BIT_NAMES } from '../../quant/registry.ts';
import { codes, float, off, onlyWhen, size, weight } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';
import { ROUNDING } from './rounding.ts';

const params = v.pipe(
  v.strictObject({
    quant_type: v.picklist(FOUR_BIT_NAMES),
    /** Elements that share an absmax. */
    blocksize: v.optional(v.picklist(FOUR_BIT_BLOCK_SIZES), 64),
    /** Double quantization: the absmax values are stored as 8-bit codes. */
    compress_statistics: off,
    /** Absmax values that share a second-level absmax. */
    nested_blocksize: v.optional(size, 256),
    nested_rounding: v.optional(ROUNDING),
  }),
  v.check(
    (p) => !p.compress_statistics || p.nested_rounding !== undefined,
    'compress_statistics needs nested_rounding',
  ),
);
const nested = ({ compress_statistics }: v.InferOutput<typeof params>) => compress_statistics;

/** bitsandbytes' quantize_4bit: codes and a scale a block, the scales in 8 bits where asked. */
export const quantize4bit = signature({ family: 'quant', name: 'quantize_4bit' }, params, {
  inputs: { weight: weight('[*w]') },
  outputs: {
    packed: codes(({ size: n }) => [Math.ceil(n('w') / 2), 1]),
    absmax: float(({ size: n, params: { blocksize } }) => [blocks(n('w'), blocksize)]),
    dequant: { ...float('[*w]'), native: ['f32', 'f16', 'bf16'] },
    absmax_q: onlyWhen(
      nested,
      codes(({ size: n, params: { blocksize } }) => [blocks(n('w'), blocksize)]),
    ),
    nested_absmax: onlyWhen(
      nested,
      float(({ size: n, params: { blocksize, nested_blocksize } }) => [
        blocks(blocks(n('w'), blocksize), nested_blocksize),
      ]),
    ),
    nested_offset: onlyWhen(nested, float('[1]')),
  },
});
