import * as tf from '@tensorflow/tfjs-core';

/** softmax(scale q k^T + mask) v; q, k, v: [B, H, S, D]. */
export function attentionOf(
  { q, k, v }: Readonly<Record<'q' | 'k' | 'v', tf.Tensor>>,
  scale: number,
  mask?: tf.Tensor,
): tf.Tensor {
  const scores = tf.mul(tf.matMul(q, k, false, true), scale);
  return tf.matMul(tf.softmax(mask ? tf.add(scores, mask) : scores), v);
}
