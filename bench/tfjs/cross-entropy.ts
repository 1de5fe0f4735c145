import * as tf from '@tensorflow/tfjs-core';

/** The mean over rows of the cross-entropy of logits [n, classes] with labels [n], a scalar. */
export function crossEntropyOf(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const classes = logits.shape[1] as number;
  return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, classes), logits);
}
