import { nn, type numpy as np } from '@jax-js/jax';

/** The mean over rows of the cross-entropy of logits [n, classes] with labels [n], a scalar. */
export function crossEntropyOf(logits: np.Array, labels: np.Array): np.Array {
  const chosen = nn.oneHot(labels, logits.shape[1] as number);
  return nn.logSoftmax(logits).mul(chosen).sum(-1).mean().neg();
}
