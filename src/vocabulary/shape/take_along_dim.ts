import * as v from 'valibot';
import { asOperands } from '../promotion.ts';
import { index, integer, numeric, stored } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { indicesShape, placesAlong } from './along.ts';

/** torch.gather, and torch.take_along_dim of operands that need no broadcasting. */
export const takeAlongDim = signature(
  { family: 'shape', name: 'take_along_dim' },
  v.strictObject({
    /** Dimension of x that is indexed; negative ones count from the last. */
    dim: integer,
  }),
  {
    inputs: { x: numeric('[*x]'), indices: index(indicesShape, placesAlong) },
    outputs: { y: stored(numeric(like('indices')), asOperands) },
    gradients: ['x'],
  },
);
