import * as v from 'valibot';
import { float, number, off, optional } from '../rules.ts';
import { broadcastsTo, matmulShape } from '../shapes.ts';
import { signature } from '../signature.ts';

/**
 * y = alpha op(a) op(b) + beta bias, as torch.matmul: batches broadcast, a 1-D operand is a row or a
 * column. As in torch.addmm nothing of the bias is read where beta is 0.
 */
export const matmul = signature(
  { family: 'matmul', name: 'matmul' },
  v.strictObject({
    transpose_a: off,
    transpose_b: off,
    alpha: v.optional(number, 1),
    beta: v.optional(number, 1),
  }),
  {
    inputs: {
      a: float('[*a]'),
      b: float('[*b]'),
      bias: optional(
        float(({ shape, params: { transpose_a, transpose_b } }, actual) =>
          broadcastsTo(actual, matmulShape(shape('a'), shape('b'), transpose_a, transpose_b)),
        ),
      ),
    },
    outputs: {
      y: float(({ shape, params }) =>
        matmulShape(shape('a'), shape('b'), params.transpose_a, params.transpose_b),
      ),
    },
    gradients: ['a', 'b', 'bias'],
  },
);
