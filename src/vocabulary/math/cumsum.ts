import * as v from 'valibot';
import { asSum } from '../promotion.ts';
import { integer, numeric, stored } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The sums of the elements up to each along a dimension; of integers in 32 bits. */
export const cumsum = signature(
  { family: 'math', name: 'cumsum' },
  v.strictObject({
    /** Dimension along which is summed; negative ones count from the last. */
    dim: integer,
  }),
  {
    inputs: { x: numeric('[*x]') },
    outputs: {
      y: stored(
        {
          ...numeric<{ dim: number }>(({ shape, params }) => {
            axisIn(params.dim, shape('x'));
            return shape('x');
          }),
          native: ['f32', 'i32'],
        },
        asSum,
      ),
    },
    gradients: ['x'],
  },
);
