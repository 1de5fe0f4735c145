import * as v from 'valibot';
import { float, positive, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';

/** BitNet b1.58: round(w / (mean |w| + eps)), clamped to -1, 0 and 1. */
export const bitnetQuantize = signature(
  { family: 'quant', name: 'bitnet_quantize' },
  v.strictObject({ eps: v.optional(positive, 1e-5) }),
  {
    inputs: { weight: { ...float('[*w]'), native: ['f32', 'f16', 'bf16'] } },
    outputs: { trits: signedCodes('[*w]'), scale: float('[1]'), dequant: float('[*w]') },
  },
);
