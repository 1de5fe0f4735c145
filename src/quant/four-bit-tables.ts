/** The 4-bit formats of bitsandbytes: `nf4` has quantiles of the normal distribution, `fp4` a sign, two exponent bits and one of mantissa. */
export type FourBitType = 'nf4' | 'fp4';

/** What each of the sixteen codes decodes to, before the block's absmax; float32 values, exact as written. */
export const FOUR_BIT_CODES: Readonly<Record<FourBitType, readonly number[]>> = {
  nf4: [
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
    0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1,
  ],
  fp4: [
    0, 0.0052083334885537624, 0.6666666865348816, 1, 0.3333333432674408, 0.5, 0.1666666716337204, 0.25, 0, -0.0052083334885537624,
    -0.6666666865348816, -1, -0.3333333432674408, -0.5, -0.1666666716337204, -0.25,
  ],
};

/** Elements that may share one absmax. */
export const FOUR_BIT_BLOCK_SIZES = [32, 64, 128, 256, 512, 1024, 2048, 4096] as const;

/** Codes in ascending order of what they decode to; the two zeros of fp4 are neighbours. */
export const FOUR_BIT_ASCENDING: Readonly<Record<FourBitType, readonly number[]>> = {
  nf4: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  fp4: [11, 10, 13, 12, 15, 14, 9, 0, 8, 1, 6, 7, 4, 5, 2, 3],
};

/**
 * Where rounding changes over: threshold i lies between the i-th and the next code in ascending order, and a value equal to it takes
 * the lower one. Exact float32 values, those of the library's CPU code.
 */
export const FOUR_BIT_THRESHOLDS: Readonly<Record<FourBitType, readonly number[]>> = {
  nf4: [
    -0.8480963706970215, -0.6106328964233398, -0.4599952697753906, -0.33967941999435425, -0.23460739850997925, -0.13791173696517944,
    -0.045525018125772476, 0.03979014977812767, 0.120255246758461, 0.2035212516784668, 0.2920137643814087, 0.3893125355243683,
    0.5016634464263916, 0.6427869200706482, 0.8614784479141235,
  ],
  fp4: [
    -0.8333333730697632, -0.5833333730697632, -0.4166666865348816, -0.2916666865348816, -0.2083333432674408, -0.0859375,
    -0.0026041667442768812, 0, 0.0026041667442768812, 0.0859375, 0.2083333432674408, 0.2916666865348816, 0.4166666865348816,
    0.5833333730697632, 0.8333333730697632,
  ],
};

/** The code of an exact zero: of the padding after an odd number of elements. */
export const FOUR_BIT_ZERO_CODE: Readonly<Record<FourBitType, number>> = { nf4: 7, fp4: 0 };
