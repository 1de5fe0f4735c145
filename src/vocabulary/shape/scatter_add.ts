import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { float, index, integer } from '../rules.ts';
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
      x: float('[*x]'),
      indices: index(indicesShape, placesAlong),
      /** Of what lies beyond the indices nothing is added. */
      src: float(({ shape }, actual) => {
        const indices = shape('indices');
        if (actual.length !== indices.length)
          throw new SignatureError(
            `src has ${actual.length} dimensions, and indices have ${indices.length}`,
          );
        return actual.map((n, d) => Math.max(n, indices[d] as number));
      }),
    },
    outputs: { y: float(like('x')) },
    gradients: ['x', 'src'],
  },
);
