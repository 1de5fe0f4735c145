import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { matmul } from '../../../src/vocabulary/matmul/matmul.ts';
import { ONE_SETTING, tfOp } from '../op.ts';

export const ops = [
  tfOp(
    matmul,
    ({ a, b, bias }, { transpose_a, transpose_b, alpha, beta }) => {
      const product = tf.matMul(a, b, transpose_a, transpose_b);
      const scaled = alpha === 1 ? product : tf.mul(product, alpha);
      if (!bias || beta === 0) return { y: scaled };
      return { y: tf.add(scaled, beta === 1 ? bias : tf.mul(bias, beta)) };
    },
    {
      settings: ({ tensors: { a, b } }) => {
        if (a.shape.length < 2 || b.shape.length < 2)
          return { reason: 'its matMul takes no vectors' };
        const [first, second] = [a, b].map(({ shape }) => sizeOf(shape.slice(0, -2)));
        return first === second
          ? ONE_SETTING
          : { reason: 'its matMul has no gradient of batches that broadcast' };
      },
    },
  ),
];
