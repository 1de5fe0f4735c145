import { numpy as np } from '@jax-js/jax';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { matmul } from '../../../src/vocabulary/matmul/matmul.ts';
import { jaxOp, ONE_SETTING } from '../op.ts';

/** A view, which the kernel of the product reads through. */
const swapped = (x: np.Array, isTransposed: boolean): np.Array =>
  isTransposed ? np.swapaxes(x, -1, -2) : x;

export const ops = [
  jaxOp(
    matmul,
    ({ a, b, bias }, { transpose_a, transpose_b, alpha, beta }) => {
      const product = np.matmul(swapped(a, transpose_a), swapped(b, transpose_b));
      const scaled = alpha === 1 ? product : product.mul(alpha);
      if (!bias) return { y: scaled };
      if (beta !== 0) return { y: scaled.add(beta === 1 ? bias : bias.mul(beta)) };
      bias.dispose();
      return { y: scaled };
    },
    {
      settings: ({ tensors: { a, b } }) => {
        const [first, second] = [a, b].map(({ shape }) => sizeOf(shape.slice(0, -2)));
        const isOne = first === second || first === 1 || second === 1;
        // Dimensions that only the second operand has come behind the rows of the first.
        const isBehind = second !== 1 && a.shape.length > 1 && a.shape.length < b.shape.length;
        if (isOne && !isBehind) return ONE_SETTING;
        return { reason: 'its matmul takes the batches in another order' };
      },
    },
  ),
];
