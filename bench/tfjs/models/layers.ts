import * as tf from '@tensorflow/tfjs-core';

/** Weights by their names in the state dict. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/** The weight of a name. Throws RangeError where there is none. */
export function weightOf(weights: Weights, name: string): tf.Tensor {
  const weight = weights[name];
  if (!weight) throw new RangeError(`no weight is named ${name}`);
  return weight;
}

/** y [n, out] = x [n, in] weight^T + bias, where there is a bias. */
export function linear(weights: Weights, name: string, x: tf.Tensor): tf.Tensor {
  const y = tf.matMul(x, weightOf(weights, `${name}.weight`), false, true);
  const bias = weights[`${name}.bias`];
  return bias ? tf.add(y, bias) : y;
}

/** Sizes of what attention sees. */
export interface Heads {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
}

/** [B * S, H * D] as [B, H, S, D]. */
export function apart(x: tf.Tensor, { batch, tokens, heads }: Heads): tf.Tensor {
  const width = (x.shape[1] as number) / heads;
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, width]), [0, 2, 1, 3]);
}

/** [B, H, S, D] as [B * S, H * D]. */
export function together(x: tf.Tensor, { batch, tokens }: Heads): tf.Tensor {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * tokens, -1]);
}
