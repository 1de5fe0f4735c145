import { PER_BYTE } from './dense-trits.ts';
import { TRIT_ORDERS } from './trits.ts';

/** How the device packs trits: four a byte in either order, or five as digits to base 3. */
export const TRIT_PACKINGS = [...TRIT_ORDERS, 'base3'] as const;
export type TritPacking = (typeof TRIT_PACKINGS)[number];

/** Bytes of so many packed trits. */
export const bytesOfTrits = (count: number, packing: TritPacking): number =>
  Math.ceil(count / tritsOfByte(packing));

/** Trits of a byte. */
export const tritsOfByte = (packing: TritPacking): number => (packing === 'base3' ? PER_BYTE : 4);
