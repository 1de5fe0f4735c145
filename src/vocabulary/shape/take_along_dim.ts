import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import { asOperands } from '../promotion.ts';
import { index, integer, type Known, numeric, stored } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';
import { placesAlong } from './along.ts';

const params = v.strictObject({
  /** Dimension of x that is indexed; negative ones count from the last. */
  dim: integer,
});

type Params = v.InferOutput<typeof params>;

/**
 * torch.take_along_dim, whose operands repeat where their size is 1, but along `dim`; and
 * torch.gather, of indices that leave out the last in other dimensions.
 */
export const takeAlongDim = signature({ family: 'shape', name: 'take_along_dim' }, params, {
  inputs: {
    x: numeric('[*x]'),
    indices: index(({ shape, params: given }: Known<Params>, actual) => {
      const x = shape('x');
      if (actual.length !== x.length)
        throw new SignatureError(`indices have ${actual.length} dimensions, and x has ${x.length}`);
      const dim = axisIn(given.dim, x);
      return actual.map((n, d) => (d === dim || x[d] === 1 ? n : Math.min(n, x[d] as number)));
    }, placesAlong),
  },
  outputs: {
    y: stored(
      numeric(({ shape, params: given }: Known<Params>) =>
        takenShape(shape('x'), shape('indices'), axisIn(given.dim, shape('x'))),
      ),
      asOperands,
    ),
  },
  gradients: ['x'],
});

/** The shape of what is taken of x along its dimension `dim`. */
export function takenShape(x: Shape, indices: Shape, dim: number): Shape {
  return indices.map((n, d) => (d !== dim && n === 1 ? (x[d] as number) : n));
}
