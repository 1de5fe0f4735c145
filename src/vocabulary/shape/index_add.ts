import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { asOperands, isStoredInteger } from '../promotion.ts';
import { type BundleDType, index, integer, number, numeric, stored } from '../rules.ts';
import { axisIn, like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { placesAlong } from './along.ts';

function asAdded(operands: readonly BundleDType[], { alpha }: { readonly alpha: number }) {
  const types = asOperands(operands);
  if (types.every(isStoredInteger) && !Number.isInteger(alpha))
    throw new SignatureError(`alpha ${alpha} of integers must be an integer`);
  return types;
}

/** torch.index_add: x with slices of source, times alpha, added at their places along `dim`. */
export const indexAdd = signature(
  { family: 'shape', name: 'index_add' },
  v.strictObject({
    /** Dimension of x that is indexed; negative ones count from the last. */
    dim: integer,
    alpha: v.optional(number, 1),
  }),
  {
    inputs: {
      x: numeric('[*x]'),
      index: index('[slices]', placesAlong),
      source: numeric(({ shape, size, params }) =>
        shape('x').with(axisIn(params.dim, shape('x')), size('slices')),
      ),
    },
    outputs: { y: stored(numeric(like('x')), asAdded) },
    gradients: ['x', 'source'],
  },
);
