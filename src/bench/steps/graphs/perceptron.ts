import { callOf, type Named } from '../../../graph/call.ts';
import type { Graph, ValueType } from '../../../graph/graph.ts';
import { GraphAuthor, typed } from '../../../reference/networks/author.ts';
import { relu } from '../../../vocabulary/math/relu.ts';
import { crossEntropy } from '../../../vocabulary/nn/cross_entropy.ts';
import type { StepOf } from '../../work.ts';

type Sizes = Extract<StepOf, { readonly model: 'mlp' }>;

/** `fc1`, ReLU and `fc2` from `x` and `labels` to `loss`. */
export function perceptronGraph({ batch, inputs }: Sizes, weights: Named<ValueType>): Graph {
  const x = typed([batch, inputs]);
  const labels = typed([batch], 'i32');
  const author = new GraphAuthor({ x, labels }, weights);
  const first = author.linear('fc1', x);
  const active = author.apply('relu', callOf(relu, { x: first }, {}), first.shape);
  const logits = author.linear('fc2', active);
  const call = callOf(crossEntropy, { logits, labels }, {});
  return author.build({ loss: author.apply('loss', call, [1], 'loss') });
}
