import { FOUR_BIT_BLOCKS, FOUR_BIT_OPS } from '../bitsandbytes.ts';
import { blockFormat } from '../format.ts';
import { nibbles } from '../packing/nibbles.ts';

/**
 * NormalFloat of 4 bits: quantiles of the normal distribution (Dettmers et al., "QLoRA", 2023),
 * with bitsandbytes' thresholds.
 */
export const format = blockFormat({
  name: 'nf4',
  values: [
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1,
  ],
  zeroCode: 7,
  packing: nibbles,
  blocks: FOUR_BIT_BLOCKS,
  scales: 'f32',
  rounding: {
    ascending: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    thresholds: [
      -0.8480963706970215, -0.6106328964233398, -0.4599952697753906, -0.33967941999435425,
      -0.23460739850997925, -0.13791173696517944, -0.045525018125772476, 0.03979014977812767,
      0.120255246758461, 0.2035212516784668, 0.2920137643814087, 0.3893125355243683,
      0.5016634464263916, 0.6427869200706482, 0.8614784479141235,
    ],
  },
  ops: FOUR_BIT_OPS,
});
