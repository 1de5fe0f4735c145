import { nn } from '@jax-js/jax';
import { scaledDotProductAttention } from '../../../src/vocabulary/attention/scaled_dot_product_attention.ts';
import { attentionOf } from '../attention.ts';
import { jaxOp } from '../op.ts';

/** Its own function of attention, and the same of products and a softmax. */
export const FUNCTION = 'jit, dotProductAttention';
const COMPOSED = 'jit, products and softmax';

/** [B, H, S, D] as [B, S, H, D], which its function takes. */
const HEADS_INSIDE = [0, 2, 1, 3];

export const ops = [
  jaxOp(
    scaledDotProductAttention,
    ({ q, k, v }, { causal, scale: given }, setting) => {
      const scale = given ?? 1 / Math.sqrt(q.shape[3] as number);
      if (setting === COMPOSED) return { y: attentionOf(q, k, v, { scale, causal }) };
      return { y: nn.dotProductAttention(q, k, v, { scale, isCausal: causal }) };
    },
    {
      orders: (setting) =>
        setting === FUNCTION
          ? { q: HEADS_INSIDE, k: HEADS_INSIDE, v: HEADS_INSIDE, y: HEADS_INSIDE }
          : {},
      settings: ({ tensors: { q, k, v, mask }, params: { softcap } }) => {
        const isPlain = [q, k, v].every(({ shape }) => shape.length === 4) && softcap === undefined;
        const isShared = q.shape[1] === k.shape[1] && k.shape[1] === v.shape[1];
        if (!isPlain || !isShared || mask) {
          return {
            reason: 'it is asked for as many heads of keys as of queries, without masks or softcap',
          };
        }
        return q.shape[3] === v.shape[3] ? [FUNCTION, COMPOSED] : [COMPOSED];
      },
    },
  ),
];
