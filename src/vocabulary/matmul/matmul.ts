import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { asProduct, isStoredInteger } from '../promotion.ts';
import { type BundleDType, number, numeric, off, optional, stored } from '../rules.ts';
import { broadcastsTo, matmulShape } from '../shapes.ts';
import { signature } from '../signature.ts';

interface Factors {
  readonly alpha: number;
  readonly beta: number;
}

const asProductOf = (operands: readonly BundleDType[], { alpha, beta }: Factors) => {
  const types = asProduct(operands);
  const factor =
    types.every(isStoredInteger) && [alpha, beta].find((each) => !isFactorOfIntegers(each));
  if (typeof factor === 'number')
    throw new SignatureError(
      `integers are multiplied by integers of 32 bits, and ${factor} is none`,
    );
  return types;
};

/** Whether a product of integers may have the factor. */
export const isFactorOfIntegers = (factor: number): boolean => (factor | 0) === factor;

/**
 * y = alpha op(a) op(b) + beta bias, as torch.matmul: batches broadcast, a 1-D operand is a row or a
 * column. As in torch.addmm nothing of the bias is read where beta is 0. Integers wrap.
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
      a: numeric('[*a]'),
      b: numeric('[*b]'),
      bias: optional(
        numeric(({ shape, params: { transpose_a, transpose_b } }, actual) =>
          broadcastsTo(actual, matmulShape(shape('a'), shape('b'), transpose_a, transpose_b)),
        ),
      ),
    },
    outputs: {
      y: stored(
        numeric(({ shape, params }) =>
          matmulShape(shape('a'), shape('b'), params.transpose_a, params.transpose_b),
        ),
        asProductOf,
      ),
    },
    gradients: ['a', 'b', 'bias'],
  },
);
