import * as tf from '@tensorflow/tfjs-core';

/** weight x / sqrt(mean(x^2) + eps) along the last dimension. */
export function rmsNormOf(x: tf.Tensor, weight: tf.Tensor, eps: number): tf.Tensor {
  const power = tf.mean(tf.square(x), -1, true);
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(power, eps))), weight);
}

/** weight (x - mean) / sqrt(variance + eps) + bias along the last dimension. */
export function layerNormOf(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor | undefined,
  eps: number,
): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const y = tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, eps))), weight);
  return bias ? tf.add(y, bias) : y;
}
