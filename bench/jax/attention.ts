import { nn, numpy as np } from '@jax-js/jax';
import { HIDDEN } from '../../src/bench/causal-mask.ts';

/** softmax(scale q k^T) v, of keys 0 to i alone where it is causal; q, k, v: [B, H, S, D]. */
export function attentionOf(
  q: np.Array,
  k: np.Array,
  v: np.Array,
  { scale, causal }: { readonly scale: number; readonly causal: boolean },
): np.Array {
  const [queries, keys] = [q, k].map(({ shape }) => shape[2] as number) as [number, number];
  const scores = np.matmul(q, np.swapaxes(k, -1, -2)).mul(scale);
  const seen = causal
    ? np.where(np.tri(queries, keys, 0, { dtype: np.bool }), scores, HIDDEN)
    : scores;
  return np.matmul(nn.softmax(seen, -1), v);
}
