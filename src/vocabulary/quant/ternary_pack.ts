import * as v from 'valibot';
import { TRIT_ORDERS } from '../../quant/ternary/trits.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { codes, signedCodes, size } from '../rules.ts';
import { signature } from '../signature.ts';

const order = v.optional(v.picklist(TRIT_ORDERS), 'low');

/** Trits (-1, 0 and 1) packed four a byte. */
export const ternaryPack = signature(
  { family: 'quant', name: 'ternary_pack', inBundles: false },
  v.strictObject({ order }),
  {
    inputs: { trits: signedCodes('[*w]') },
    outputs: { packed: codes(({ size: n }) => [Math.ceil(n('w') / 4)]) },
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
    inputs: { packed: codes(({ params }) => [Math.ceil(sizeOf(params.shape) / 4)]) },
    outputs: { trits: signedCodes(({ params }) => params.shape) },
  },
);
