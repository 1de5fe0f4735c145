import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { asOperands } from '../promotion.ts';
import { index, integer, numeric, stored } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { indicesShape, placesAlong } from './along.ts';

/** torch.Tensor.scatter_add: x with the elements of src added at their indices along `dim`. */
export const scatterAdd = signature(
  { family: 'shape', name: 'scatter_add' },
  v.strictObject({
    /** Dimension of x that is indexed; negative ones count from the last. */
    dim: integer,
  }),
  {
    inputs: {
      x: numeric('[*x]'),
      indices: index(indicesShape, placesAlong),
      /** Of what lies beyond the indices nothing is added. */
      src: numeric(({ shape }, actual) => {
        const indices = shape('indices');
        if (actual.length !== indices.length)
          throw new SignatureError(
            `src has ${actual.length} dimensions, and indices have ${indices.length}`,
          );
        return actual.map((n, d) => Math.max(n, indices[d] as number));
      }),
    },
    outputs: { y: stored(numeric(like('x')), asOperands) },
    gradients: ['x', 'src'],
  },
);
