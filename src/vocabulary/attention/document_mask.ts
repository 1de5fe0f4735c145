import * as v from 'valibot';
import { codes, index, size } from '../rules.ts';
import { signature } from '../signature.ts';

/**
 * What tokens of several documents in one row see: those of their own document up to themselves;
 * and their positions, which start at 0 in each. Neighbours of one number are one document.
 */
export const documentMask = signature(
  { family: 'attention', name: 'document_mask', inBundles: false },
  v.strictObject({
    /** Tokens that each sees at most, itself among them. Default all of the document. */
    window: v.exactOptional(size),
  }),
  {
    inputs: { documents: index('[b, s]') },
    outputs: {
      position_ids: index('[b, s]'),
      mask: codes(({ size: of }) => [of('b'), 1, of('s'), of('s')]),
    },
  },
);
