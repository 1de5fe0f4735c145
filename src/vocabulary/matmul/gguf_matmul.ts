import * as v from 'valibot';
import { GGUF_TYPE_NAMES, GGUF_TYPES } from '../../quant/gguf/types.ts';
import { codes, float } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** y = x W^T with rows of W kept as blocks of GGUF files, and decoded in registers. */
export const ggufMatmul = signature(
  { family: 'matmul', name: 'gguf_matmul' },
  v.strictObject({ quant_type: v.picklist(GGUF_TYPE_NAMES) }),
  {
    inputs: {
      x: float('[*t, in]'),
      packed: codes(({ size, params: { quant_type } }, actual) => {
        const { elements, bytes } = GGUF_TYPES[quant_type];
        return [actual[0] ?? 0, exactly(size('in'), elements, 'the row length') * bytes];
      }),
    },
    outputs: {
      y: float(({ shape }) => [...shape('x').slice(0, -1), shape('packed')[0] as number]),
    },
    gradients: ['x'],
  },
);
