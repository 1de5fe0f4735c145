import * as v from 'valibot';
import { index, integer, numeric, off, on, ordered } from '../rules.ts';
import { chosen } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The position of the largest element along an axis. */
export const argmax = signature(
  { family: 'math', name: 'argmax' },
  v.strictObject({
    axis: v.optional(integer, 0),
    keepdims: on,
    /** Whether of equal elements the last is taken. */
    select_last_index: off,
  }),
  {
    inputs: { x: ordered(numeric('[*x]')) },
    outputs: {
      y: index(({ shape, params }) => chosen(shape('x'), [params.axis], params.keepdims)),
    },
  },
);
