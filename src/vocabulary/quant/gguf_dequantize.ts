import * as v from 'valibot';
import { GGUF_TYPE_NAMES, GGUF_TYPES } from '../../quant/gguf/types.ts';
import { codes, float } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** What blocks of GGUF files stand for, as the Python library `gguf` reads them. */
export const ggufDequantize = signature(
  { family: 'quant', name: 'gguf_dequantize' },
  v.strictObject({ quant_type: v.picklist(GGUF_TYPE_NAMES) }),
  {
    inputs: { packed: codes('[*rows, bytes]') },
    outputs: {
      y: float(({ shape, params: { quant_type } }) => {
        const packed = shape('packed');
        const { elements, bytes } = GGUF_TYPES[quant_type];
        const blocks = exactly(packed.at(-1) as number, bytes, 'the number of bytes in a row');
        return [...packed.slice(0, -1), blocks * elements];
      }),
    },
  },
);
