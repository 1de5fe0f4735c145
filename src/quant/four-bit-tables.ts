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
