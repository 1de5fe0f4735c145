import type { Format } from '../format.ts';
import { packing } from '../packing/packing.ts';
import { createDynamicMap } from './map.ts';

/**
 * An 8-bit float with a dynamic exponent: a code is the place of the nearest value in the signed
 * map of bitsandbytes.
 */
export const format: Format = {
  name: 'dynamic',
  values: createDynamicMap(true),
  zeroCode: 127,
  packing: packing(8),
  parts: { codes: 'q', scales: 'absmax' },
  ops: { quantize: 'quantize_blockwise', inBundles: true },
};
