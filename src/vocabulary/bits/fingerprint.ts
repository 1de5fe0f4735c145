import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** Two sums of the bits of a tensor, in parts. */
export const fingerprint = signature(
  { family: 'bits', name: 'fingerprint', inBundles: false },
  none,
  {
    inputs: {
      x: { dtypes: ['F32', 'F16', 'BF16', 'I32'], native: ['f32', 'i32', 'u32'], shape: '[*x]' },
    },
    outputs: { sums: { dtypes: ['I32'], native: ['u32'], shape: '[lanes, 2]' } },
  },
);
