import * as v from 'valibot';
import { float, index, integer, number } from '../rules.ts';
import { axisIn, like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { placesAlong } from './along.ts';

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
      x: float('[*x]'),
      index: index('[slices]', placesAlong),
      source: float(({ shape, size, params }) =>
        shape('x').with(axisIn(params.dim, shape('x')), size('slices')),
      ),
    },
    outputs: { y: float(like('x')) },
    gradients: ['x', 'source'],
  },
);
