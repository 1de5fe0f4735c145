import * as v from 'valibot';
import { FOUR_BIT_NAMES } from '../../quant/registry.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { codes, float, size } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';

/** bitsandbytes' dequantize_4bit: the value of each code times the absmax of its block. */
export const dequantize4bit = signature(
  { family: 'quant', name: 'dequantize_4bit', inBundles: false },
  v.strictObject({
    quant_type: v.picklist(FOUR_BIT_NAMES),
    /** Elements of the flat tensor that share one absmax. */
    blocksize: size,
    /** Shape of the tensor that was packed. */
    shape: v.pipe(v.array(size), v.readonly()),
    dtype: v.optional(v.picklist(['f32', 'f16', 'bf16']), 'f32'),
  }),
  {
    inputs: {
      packed: codes(({ params }) => [Math.ceil(sizeOf(params.shape) / 2), 1]),
      absmax: float(({ params }) => [blocks(sizeOf(params.shape), params.blocksize)]),
    },
    outputs: { y: { ...float(({ params }) => params.shape), native: ['f32', 'f16', 'bf16'] } },
  },
);
