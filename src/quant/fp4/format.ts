import { FOUR_BIT_BLOCKS, FOUR_BIT_OPS } from '../bitsandbytes.ts';
import { blockFormat } from '../format.ts';
import { nibbles } from '../packing/nibbles.ts';

/**
 * A float of 4 bits as bitsandbytes has it: a sign, two exponent bits and one of mantissa; both of
 * its zeros decode to zero.
 */
export const format = blockFormat({
  name: 'fp4',
  values: [
    0, 0.0052083334885537624, 0.6666666865348816, 1, 0.3333333432674408, 0.5, 0.1666666716337204,
    0.25, 0, -0.0052083334885537624, -0.6666666865348816, -1, -0.3333333432674408, -0.5,
    -0.1666666716337204, -0.25,
  ],
  zeroCode: 0,
  packing: nibbles,
  blocks: FOUR_BIT_BLOCKS,
  scales: 'f32',
  rounding: {
    ascending: [11, 10, 13, 12, 15, 14, 9, 0, 8, 1, 6, 7, 4, 5, 2, 3],
    thresholds: [
      -0.8333333730697632, -0.5833333730697632, -0.4166666865348816, -0.2916666865348816,
      -0.2083333432674408, -0.0859375, -0.0026041667442768812, 0, 0.0026041667442768812, 0.0859375,
      0.2083333432674408, 0.2916666865348816, 0.4166666865348816, 0.5833333730697632,
      0.8333333730697632,
    ],
    // The literals of its CPU and CUDA code differ by up to 14 units in the last place, and break
    // ties to different sides.
    spread: 1e-6,
  },
  ops: FOUR_BIT_OPS,
});
