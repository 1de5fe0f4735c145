import * as tf from '@tensorflow/tfjs-core';

/** x Phi(x), or its approximation by a hyperbolic tangent: the core has no GELU. */
export function geluOf(x: tf.Tensor, approximate: 'none' | 'tanh'): tf.Tensor {
  const half = tf.mul(x, 0.5);
  if (approximate === 'none') return tf.mul(half, tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const cubic = tf.mul(tf.mul(tf.mul(x, x), x), 0.044715);
  const inner = tf.mul(tf.add(x, cubic), Math.sqrt(2 / Math.PI));
  return tf.mul(half, tf.add(tf.tanh(inner), 1));
}
