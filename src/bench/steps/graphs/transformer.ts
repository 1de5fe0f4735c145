import { callOf, type Named } from '../../../graph/call.ts';
import type { Graph, ValueType } from '../../../graph/graph.ts';
import { GraphAuthor, typed } from '../../../reference/networks/author.ts';
import { scaledDotProductAttention } from '../../../vocabulary/attention/scaled_dot_product_attention.ts';
import { add } from '../../../vocabulary/math/add.ts';
import { gelu } from '../../../vocabulary/math/gelu.ts';
import { crossEntropy } from '../../../vocabulary/nn/cross_entropy.ts';
import { embedding } from '../../../vocabulary/nn/embedding.ts';
import { layerNorm } from '../../../vocabulary/nn/layer_norm.ts';
import type { StepOf } from '../../work.ts';
import { NORM_EPS } from '../recipes.ts';

type Sizes = Extract<StepOf, { readonly model: 'transformer' }>;

/**
 * Pre-norm blocks from `ids` and `labels` to `loss`. Heads stay side by side in the last dimension,
 * unlike in the engine's model, so that the two have no layout in common.
 */
export function transformerGraph(
  { batch, tokens, width, heads, blocks, storage }: Sizes,
  weights: Named<ValueType>,
): Graph {
  const ids = typed([batch, tokens], 'i32');
  const labels = typed([batch * tokens], 'i32');
  const author = new GraphAuthor({ ids, labels }, weights, storage && 'float16');
  const shape = [batch, tokens, width];
  const sum = (layer: string, a: ValueType, b: ValueType) =>
    author.apply(layer, callOf(add, { a, b }, {}), shape);
  const norm = (name: string, x: ValueType) => {
    const weight = author.weight(`${name}.weight`);
    const bias = author.weight(`${name}.bias`);
    return author.apply(name, callOf(layerNorm, { x, weight, bias }, { eps: NORM_EPS }), shape);
  };
  const scale = 1 / Math.sqrt(width / heads);
  const params = { causal: true, heads, kv_heads: heads, scale };
  const table = author.weight('embeddings.weight');
  const embedded = author.apply('embeddings', callOf(embedding, { weight: table, ids }, {}), shape);
  let x = sum('embedded', embedded, author.weight('positions.weight'));
  for (let i = 0; i < blocks; i++) {
    const at = `blocks.${i}`;
    const normed = norm(`${at}.norm1`, x);
    const [q, k, v] = ['q', 'k', 'v'].map((name) => author.linear(`${at}.${name}`, normed)) as [
      ValueType,
      ValueType,
      ValueType,
    ];
    const attended = author.apply(
      at,
      callOf(scaledDotProductAttention, { q, k, v }, params),
      shape,
    );
    const y = sum(`${at}.attended`, x, author.linear(`${at}.o`, attended));
    const raised = author.linear(`${at}.up`, norm(`${at}.norm2`, y));
    const active = author.apply(
      `${at}.gelu`,
      callOf(gelu, { x: raised }, { approximate: 'tanh' }),
      raised.shape,
    );
    x = sum(`${at}.passed`, y, author.linear(`${at}.down`, active));
  }
  const head = author.linear('head', norm('norm', x));
  const logits = author.view(head, [batch * tokens, head.shape[2] as number]);
  const call = callOf(crossEntropy, { logits, labels }, {});
  return author.build({ loss: author.apply('loss', call, [1], 'loss') });
}
