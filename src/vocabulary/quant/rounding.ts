import * as v from 'valibot';

/**
 * How an 8-bit code is chosen: the nearest value, ties to the lower, or by the 65,536 steps of
 * bitsandbytes' CPU code.
 */
export const ROUNDING = v.picklist(['nearest', 'lut16']);
export type MapRounding = v.InferOutput<typeof ROUNDING>;
