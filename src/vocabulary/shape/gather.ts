import * as v from 'valibot';
import { asOperands } from '../promotion.ts';
import { index, integer, numeric, stored } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

/** Slices of x along an axis, by their indices; negative ones count from the end. */
export const gather = signature(
  { family: 'shape', name: 'gather' },
  v.strictObject({
    /** Dimension of x that is indexed; negative ones count from the last. */
    axis: v.optional(integer, 0),
  }),
  {
    inputs: {
      x: numeric('[*x]'),
      indices: index('[*i]', ({ shape, params }) => {
        const n = shape('x')[axisIn(params.axis, shape('x'))] as number;
        return { low: -n, high: n - 1 };
      }),
    },
    outputs: {
      y: stored(
        numeric(({ shape, params }) => {
          const x = shape('x');
          const axis = axisIn(params.axis, x);
          return [...x.slice(0, axis), ...shape('indices'), ...x.slice(axis + 1)];
        }),
        asOperands,
      ),
    },
    gradients: ['x'],
  },
);
