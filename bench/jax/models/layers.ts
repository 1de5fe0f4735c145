import { numpy as np } from '@jax-js/jax';
import type { Arrays } from '../op.ts';

/** The array of a name, to be used once more. Throws RangeError where there is none. */
export function use(arrays: Arrays, name: string): np.Array {
  const array = arrays[name];
  if (!array) throw new RangeError(`no array is named ${name}`);
  return array.ref;
}

/** y [n, out] = x [n, in] weight^T + bias, where there is a bias. */
export function linear(weights: Arrays, name: string, x: np.Array): np.Array {
  const y = np.matmul(x, np.transpose(use(weights, `${name}.weight`)));
  const bias = `${name}.bias`;
  return bias in weights ? y.add(use(weights, bias)) : y;
}

/** Sizes of what attention sees. */
export interface Heads {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
}

/** [B * S, H * D] as [B, H, S, D]. */
export function apart(x: np.Array, { batch, tokens, heads }: Heads): np.Array {
  const width = (x.shape[1] as number) / heads;
  return x.reshape([batch, tokens, heads, width]).transpose([0, 2, 1, 3]);
}

/** [B, H, S, D] as [B * S, H * D]. */
export function together(x: np.Array, { batch, tokens }: Heads): np.Array {
  return x.transpose([0, 2, 1, 3]).reshape([batch * tokens, -1]);
}
