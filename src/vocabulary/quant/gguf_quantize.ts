import * as v from 'valibot';
import { GGUF_QUANTIZERS, GGUF_TYPES } from '../../quant/gguf/types.ts';
import { codes, float } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** Blocks of GGUF files, as the Python library `gguf` makes them of rows. */
export const ggufQuantize = signature(
  { family: 'quant', name: 'gguf_quantize' },
  v.strictObject({ quant_type: v.picklist(GGUF_QUANTIZERS) }),
  {
    inputs: { weight: float('[*rows, cols]') },
    outputs: {
      packed: codes(({ shape, params: { quant_type } }) => {
        const weight = shape('weight');
        const { elements, bytes } = GGUF_TYPES[quant_type];
        const blocks = exactly(weight.at(-1) as number, elements, 'the row length');
        return [...weight.slice(0, -1), blocks * bytes];
      }),
    },
  },
);
