import * as v from 'valibot';

/** Block sizes of bitsandbytes' 4-bit formats. */
export const BLOCKSIZE_4BIT = v.picklist([32, 64, 128, 256, 512, 1024, 2048, 4096]);
