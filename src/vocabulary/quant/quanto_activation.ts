import * as v from 'valibot';
import { detached, float } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';

/** Types that Quanto gives activations. */
export const ACTIVATION_TYPES = [
  'qint8',
  'qfloat8_e4m3fn',
  'qfloat8_e4m3fnuz',
  'qfloat8_e5m2',
] as const;
export type ActivationType = (typeof ACTIVATION_TYPES)[number];

/** The type of the codes of activations. */
export const ofActivations = v.strictObject({
  qtype: v.optional(v.picklist(ACTIVATION_TYPES), 'qint8'),
});

/**
 * Quanto's quantize_activation: codes of x by one scale, and what they decode to, through which the
 * gradient goes straight to x.
 */
export const quantoActivation = signature(
  { family: 'quant', name: 'quanto_activation' },
  ofActivations,
  {
    inputs: { x: float('[*x]'), scale: float('[1]') },
    outputs: {
      q: detached({
        dtypes: ['I8', 'U8'],
        native: ['i8', 'u8'],
        shape: like('x'),
        storedAs: (_, { qtype }) => [qtype === 'qint8' ? 'I8' : 'U8'],
      }),
      dequant: float(like('x')),
    },
    gradients: ['x'],
  },
);
