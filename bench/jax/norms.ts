import { numpy as np } from '@jax-js/jax';

/** weight x / sqrt(mean(x^2) + eps) along the last dimension. */
export function rmsNormOf(x: np.Array, weight: np.Array, eps: number): np.Array {
  const power = np.mean(np.square(x.ref), -1, { keepdims: true });
  return x.div(np.sqrt(power.add(eps))).mul(weight);
}

/** weight (x - mean) / sqrt(variance + eps) + bias along the last dimension. */
export function layerNormOf(
  x: np.Array,
  weight: np.Array,
  bias: np.Array | undefined,
  eps: number,
): np.Array {
  const off = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(off.ref), -1, { keepdims: true });
  const y = off.div(np.sqrt(variance.add(eps))).mul(weight);
  return bias ? y.add(bias) : y;
}
