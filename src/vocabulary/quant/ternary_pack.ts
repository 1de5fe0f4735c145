import * as v from 'valibot';
import { bytesOfTrits, TRIT_PACKINGS } from '../../quant/ternary/trit-packing.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { codes, signedCodes, size } from '../rules.ts';
import { signature } from '../signature.ts';

const order = v.optional(v.picklist(TRIT_PACKINGS), 'low');

/** Trits (-1, 0 and 1) packed four a byte, the first lowest or highest, or five to base 3. */
export const ternaryPack = signature(
  { family: 'quant', name: 'ternary_pack', inBundles: false },
  v.strictObject({ order }),
  {
    inputs: { trits: signedCodes('[*w]') },
    outputs: { packed: codes(({ size: n, params }) => [bytesOfTrits(n('w'), params.order)]) },
  },
);

/** The trits of packed bytes. */
export const ternaryUnpack = signature(
  { family: 'quant', name: 'ternary_unpack', inBundles: false },
  v.strictObject({
    order,
    /** Shape of the trits. */
    shape: v.pipe(v.array(size), v.readonly()),
  }),
  {
    inputs: { packed: codes(({ params }) => [bytesOfTrits(sizeOf(params.shape), params.order)]) },
    outputs: { trits: signedCodes(({ params }) => params.shape) },
  },
);
