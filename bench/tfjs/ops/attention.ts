import { causalMask } from '../../../src/bench/causal-mask.ts';
import type { HostTensors } from '../../../src/tensor/host.ts';
import { scaledDotProductAttention } from '../../../src/vocabulary/attention/scaled_dot_product_attention.ts';
import { attentionOf } from '../attention.ts';
import { ONE_SETTING, tfOp } from '../op.ts';

export const ops = [
  tfOp(
    scaledDotProductAttention,
    ({ q, k, v, mask }, { scale }, { hidden }) => {
      const width = q.shape[3] as number;
      return { y: attentionOf({ q, k, v }, scale ?? 1 / Math.sqrt(width), hidden ?? mask) };
    },
    {
      constants: ({ tensors: { q, k }, params: { causal } }): HostTensors =>
        causal ? { hidden: causalMask(q.shape[2] as number, k.shape[2] as number) } : {},
      settings: ({ tensors: { q, k, v, mask }, params: { causal, softcap } }) => {
        const isPlain = [q, k, v].every(({ shape }) => shape.length === 4) && softcap === undefined;
        const isShared = q.shape[1] === k.shape[1] && k.shape[1] === v.shape[1];
        const isAdded = !mask || (mask.dtype === 'f32' && !causal);
        return isPlain && isShared && isAdded
          ? ONE_SETTING
          : { reason: 'it is asked for as many heads of keys as of queries, without a softcap' };
      },
    },
  ),
];
