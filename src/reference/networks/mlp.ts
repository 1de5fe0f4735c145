import { callOf, type Named } from '../../graph/call.ts';
import type { Graph, ValueType } from '../../graph/graph.ts';
import { gelu } from '../../vocabulary/math/gelu.ts';
import { relu } from '../../vocabulary/math/relu.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { dropout } from '../../vocabulary/nn/dropout.ts';
import { GraphAuthor, type HalfType, typed } from './author.ts';

/** What a perceptron has beside its linears. */
interface MlpOptions {
  readonly autocast?: HalfType | undefined;
  /** Dropout behind both functions, with random numbers of this seed. */
  readonly dropout?: { readonly p: number; readonly seed: number } | undefined;
}

/**
 * Three linears `fc1`, `fc2`, `fc3` with ReLU and exact GELU between them, from `x` [batch,
 * features] and `labels` to `loss`. `weights` are by their names in the state dict.
 */
export function mlpGraph(
  weights: Named<ValueType>,
  batch: number,
  { autocast, dropout: dropping }: MlpOptions = {},
): Graph {
  const { shape } = weights['fc1.weight'] as ValueType;
  const x = typed([batch, shape[1] as number]);
  const labels = typed([batch], 'i32');
  const author = new GraphAuthor({ x, labels }, weights, autocast);
  const dropped = (name: string, value: ValueType) =>
    dropping ? author.apply(name, callOf(dropout, { x: value }, dropping), value.shape) : value;
  const first = author.linear('fc1', x);
  const rectified = author.apply('relu', callOf(relu, { x: first }, {}), first.shape);
  const second = author.linear('fc2', dropped('dropout1', rectified));
  const curved = author.apply('gelu', callOf(gelu, { x: second }, {}), second.shape);
  const logits = author.linear('fc3', dropped('dropout2', curved));
  const call = callOf(crossEntropy, { logits, labels }, {});
  return author.build({ logits, loss: author.apply('loss', call, [1], 'loss') });
}
