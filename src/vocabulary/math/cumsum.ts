import * as v from 'valibot';
import { float, integer } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The sums of the elements up to each along a dimension. */
export const cumsum = signature(
  { family: 'math', name: 'cumsum' },
  v.strictObject({
    /** Dimension along which is summed; negative ones count from the last. */
    dim: integer,
  }),
  {
    inputs: { x: float('[*x]') },
    outputs: {
      y: float(({ shape, params }) => {
        axisIn(params.dim, shape('x'));
        return shape('x');
      }),
    },
    gradients: ['x'],
  },
);
