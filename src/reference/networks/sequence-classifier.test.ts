import { expect, test } from 'vitest';
import { checkGraph } from '../../graph/check.ts';
import type { ValueType } from '../../graph/graph.ts';
import { sequenceClassifierGraph } from './sequence-classifier.ts';

const f32 = (...shape: readonly number[]): ValueType => ({ dtype: 'f32', shape });
const linear = (name: string, out: number, width: number) => ({
  [`${name}.weight`]: f32(out, width),
  [`${name}.bias`]: f32(out),
});
const norm = (name: string) => ({ [`${name}.weight`]: f32(6), [`${name}.bias`]: f32(6) });

/** Two sentences of 5 tokens, 6 columns in 3 heads. */
const graph = sequenceClassifierGraph(
  {
    'embeddings.weight': f32(11, 6),
    ...norm('norm1'),
    ...linear('query', 6, 6),
    ...linear('key', 6, 6),
    ...linear('value', 6, 6),
    ...linear('out_proj', 6, 6),
    ...norm('norm2'),
    ...linear('linear1', 8, 6),
    ...linear('linear2', 6, 8),
    ...linear('classifier', 4, 6),
  },
  { heads: 3, p: 0.25, seed: 7, batch: [2, 5] },
);

test('the graph of the classifier has the parameters of its ops', () => {
  expect(() => checkGraph(graph)).not.toThrow();
  const given = Object.entries(graph.inputs);
  expect(Object.fromEntries(given.map(([name, id]) => [name, graph.values[id]]))).toEqual({
    ids: { dtype: 'i32', shape: [2, 5] },
    mask: { dtype: 'u8', shape: [2, 1, 1, 5] },
    share: f32(2, 5, 1),
    labels: { dtype: 'i32', shape: [2] },
  });
  const calls = graph.nodes.flatMap((node) => ('view' in node ? [] : [node]));
  const paramsOf = (op: string) =>
    calls.filter((call) => call.op.name === op).map(({ params }) => params);
  expect(paramsOf('layer_norm')).toEqual([{ eps: 1e-5 }, { eps: 1e-5 }]);
  expect(paramsOf('dropout')).toEqual([
    { p: 0.25, seed: 7 },
    { p: 0.25, seed: 7 },
  ]);
  // Heads are 2 columns wide.
  expect(paramsOf('scaled_dot_product_attention')).toEqual([
    { heads: 3, kv_heads: 3, scale: expect.closeTo(Math.SQRT1_2, 12) },
  ]);
  expect(paramsOf('reduce_sum')).toEqual([{ axes: [1], keepdims: false }]);
});
