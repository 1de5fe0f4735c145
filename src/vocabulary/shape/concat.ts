import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { asOperands } from '../promotion.ts';
import { integer, type Known, numeric, stored } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

/** Shapes of x0, x1, ... in order. */
function parts(known: Known<unknown>): Shape[] {
  const found: Shape[] = [];
  for (let i = 0; ; i++) {
    try {
      found.push(known.shape(`x${i}`));
    } catch {
      return found;
    }
  }
}

/** x0, x1, ... one after the other along an axis. */
export const concat = signature(
  { family: 'shape', name: 'concat' },
  v.strictObject({
    /** Dimension along which the parts follow each other; negative ones count from the last. */
    axis: integer,
  }),
  {
    inputs: {
      'x#': numeric(({ shape, params }, actual) => {
        const first = shape('x0');
        const axis = axisIn(params.axis, first);
        return first.length === actual.length
          ? first.map((n, d) => (d === axis ? (actual[d] as number) : n))
          : first;
      }),
    },
    outputs: {
      y: stored(
        numeric((known) => {
          const all = parts(known);
          const first = known.shape('x0');
          const axis = axisIn(known.params.axis, first);
          return first.map((n, d) =>
            d === axis ? all.reduce((sum, shape) => sum + (shape[d] as number), 0) : n,
          );
        }),
        asOperands,
      ),
    },
    gradients: ['x#'],
  },
);
