import { callOf, type Named } from '../../graph/call.ts';
import type { Graph, ValueType } from '../../graph/graph.ts';
import type { Shape } from '../../tensor/shape.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { add } from '../../vocabulary/math/add.ts';
import { gelu } from '../../vocabulary/math/gelu.ts';
import { mul } from '../../vocabulary/math/mul.ts';
import { reduceSum } from '../../vocabulary/math/reduce_sum.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { dropout } from '../../vocabulary/nn/dropout.ts';
import { embedding } from '../../vocabulary/nn/embedding.ts';
import { layerNorm } from '../../vocabulary/nn/layer_norm.ts';
import { GraphAuthor, typed } from './author.ts';

/** What the graph of the classifier depends on beside its weights. */
interface Classifier {
  readonly heads: number;
  /** Probability of dropout, and the seed of its random numbers. */
  readonly p: number;
  readonly seed: number;
  /** [B, S]. */
  readonly batch: readonly [number, number];
}

/** torch's default. */
const EPS = 1e-5;

/**
 * An encoder layer that norms first and sees both ways, as torch.nn.TransformerEncoderLayer with
 * `norm_first`, the mean of its tokens by `share`, and a linear: from `ids`, `mask` (1 at tokens),
 * `share` and `labels` to `loss`.
 */
export function sequenceClassifierGraph(
  weights: Named<ValueType>,
  { heads, p, seed, batch }: Classifier,
): Graph {
  const [count, length] = batch;
  const ids = typed(batch, 'i32');
  const mask = typed([count, 1, 1, length], 'u8');
  const share = typed([count, length, 1]);
  const labels = typed([count], 'i32');
  const author = new GraphAuthor({ ids, mask, share, labels }, weights);
  const [, width] = author.weight('embeddings.weight').shape as readonly [number, number];
  const shape: Shape = [...batch, width];
  const norm = (name: string, x: ValueType) => {
    const [weight, bias] = ['weight', 'bias'].map((part) => author.weight(`${name}.${part}`)) as [
      ValueType,
      ValueType,
    ];
    return author.apply(name, callOf(layerNorm, { x, weight, bias }, { eps: EPS }), shape);
  };
  const dropped = (name: string, x: ValueType) =>
    author.apply(name, callOf(dropout, { x }, { p, seed }), shape);
  const sum = (name: string, a: ValueType, b: ValueType) =>
    author.apply(name, callOf(add, { a, b }, {}), shape);

  const table = author.weight('embeddings.weight');
  const embedded = author.apply('embeddings', callOf(embedding, { weight: table, ids }, {}), shape);
  const normed = norm('norm1', embedded);
  const q = author.linear('query', normed);
  const k = author.linear('key', normed);
  const v = author.linear('value', normed);
  const params = { heads, kv_heads: heads, scale: 1 / Math.sqrt(width / heads) };
  const attended = author.apply(
    'attention',
    callOf(scaledDotProductAttention, { q, k, v, mask }, params),
    shape,
  );
  const residual = sum(
    'residual1',
    embedded,
    dropped('dropout1', author.linear('out_proj', attended)),
  );
  const inner = author.linear('linear1', norm('norm2', residual));
  const curved = author.apply('gelu', callOf(gelu, { x: inner }, {}), inner.shape);
  const encoded = sum('residual2', residual, dropped('dropout2', author.linear('linear2', curved)));
  const shares = author.apply('pooler', callOf(mul, { a: encoded, b: share }, {}), shape);
  const pooled = author.apply(
    'pooler.sum',
    callOf(reduceSum, { x: shares }, { axes: [1], keepdims: false }),
    [count, width],
  );
  const logits = author.linear('classifier', pooled);
  const call = callOf(crossEntropy, { logits, labels }, {});
  return author.build({ logits, loss: author.apply('loss', call, [1], 'loss') });
}
