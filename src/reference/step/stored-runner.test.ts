import { describe, expect, test } from 'vitest';
import { callOf } from '../../graph/call.ts';
import { checkGraph } from '../../graph/check.ts';
import { callsOf } from '../../graph/graph.ts';
import { mul } from '../../vocabulary/math/mul.ts';
import { typed } from '../networks/author.ts';
import { mlpGraph } from '../networks/mlp.ts';
import { sequenceClassifierGraph } from '../networks/sequence-classifier.ts';
import type { Value } from '../record.ts';
import { atPosition } from './random.ts';
import { storedRunner } from './stored-runner.ts';

const MLP = {
  'fc1.weight': typed([5, 7]),
  'fc1.bias': typed([5]),
  'fc2.weight': typed([5, 5]),
  'fc2.bias': typed([5]),
  'fc3.weight': typed([3, 5]),
  'fc3.bias': typed([3]),
};

describe('the graph of a perceptron', () => {
  test('casts operands of products to halves and those of the loss back', () => {
    const graph = mlpGraph(MLP, 5, { autocast: 'float16' });
    expect(() => checkGraph(graph)).not.toThrow();
    const casts = callsOf(graph).filter(({ op }) => op.name === 'cast');
    // x, three weights and biases; between the products all stays in halves.
    expect(casts.map(({ layer }) => layer)).toEqual([
      'fc1.a',
      'fc1.b',
      'fc1.bias',
      'fc2.b',
      'fc2.bias',
      'fc3.b',
      'fc3.bias',
      'loss.logits',
    ]);
    expect(graph.values[graph.outputs['logits'] as number]?.dtype).toBe('f16');
    expect(graph.values[graph.outputs['loss'] as number]?.dtype).toBe('f32');
  });

  test('casts nothing without autocast', () => {
    const graph = mlpGraph(MLP, 5);
    expect(callsOf(graph).filter(({ op }) => op.name === 'cast')).toEqual([]);
  });
});

test('dropouts of a graph draw one behind the other, four numbers a count', () => {
  const width = 6;
  const linear = (name: string, out: number, of = width) => ({
    [`${name}.weight`]: typed([out, of]),
    [`${name}.bias`]: typed([out]),
  });
  const norm = (name: string) => ({
    [`${name}.weight`]: typed([width]),
    [`${name}.bias`]: typed([width]),
  });
  const weights = {
    'embeddings.weight': typed([17, width]),
    ...norm('norm1'),
    ...norm('norm2'),
    ...linear('query', width),
    ...linear('key', width),
    ...linear('value', width),
    ...linear('out_proj', width),
    ...linear('linear1', 2 * width),
    ...linear('linear2', width, 2 * width),
    ...linear('classifier', 2),
  };
  const options = { heads: 2, p: 0.3, seed: 5, batch: [3, 5] } as const;
  const graph = sequenceClassifierGraph(weights, options);
  expect(() => checkGraph(graph)).not.toThrow();
  const { graph: drawn, end } = atPosition(graph, 100);
  const offsets = callsOf(drawn).flatMap(({ op, params }) =>
    op.name === 'dropout' ? [(params as { readonly offset: number }).offset] : [],
  );
  // 90 numbers each: 22.5 counts, rounded up.
  expect(offsets).toEqual([100, 123]);
  expect(end).toBe(146);
});

test('a dropout is placed anew, wherever it was, and only what it is told besides stays', () => {
  const graph = mlpGraph(MLP, 5, { dropout: { p: 0.5, seed: 9 } });
  const once = atPosition(graph, 40).graph;
  const offsets = (of: typeof graph) =>
    callsOf(of).flatMap(({ op, params }) => (op.name === 'dropout' ? [params] : []));
  const twice = atPosition(once, 3);
  // 25 numbers each: seven counts.
  expect(offsets(twice.graph)).toEqual([
    { p: 0.5, seed: 9, offset: 3 },
    { p: 0.5, seed: 9, offset: 10 },
  ]);
  expect(twice.end).toBe(17);
  expect(twice.graph.outputs).toEqual(graph.outputs);
});

describe('a runner that stores', () => {
  const call = (to: string) => ({
    op: callsOf(mlpGraph(MLP, 5, { autocast: 'float16' }))[0]?.op as never,
    params: { to },
    inputs: { x: { shape: [1], data: Float64Array.of(1 + 2 ** -9) } },
  });
  const y = (values: Readonly<Record<string, Value>>) => values['y'] as Value;

  test('rounds to the format of a cast, and what follows to that of its operands', () => {
    const { run } = storedRunner('float64');
    expect(y(run(call('float16')) as never)).toMatchObject({ dtype: 'f16' });
    expect([...y(run(call('bfloat16')) as never).data]).toEqual([1]);
    expect([...y(run(call('float16')) as never).data]).toEqual([1 + 2 ** -9]);
    const operand = { shape: [1], dtype: 'f16', data: Float64Array.of(1 + 2 ** -10) } as const;
    // The square is 1 + 2^-9 and 2^-20.
    expect(y(run(callOf(mul, { a: operand, b: operand }, {})) as never)).toEqual({
      ...operand,
      data: Float64Array.of(1 + 2 ** -9),
    });
  });

  test('rounds a gradient to the format of what it is the gradient of', () => {
    const { run, view } = storedRunner('float32');
    const half = { shape: [1], dtype: 'f16', data: Float64Array.of(1) } as const;
    const third = { shape: [1], data: Float64Array.of(1 / 3) };
    const gradients = run({
      ...callOf(mul, { a: half, b: third }, {}, { grads: { y: third } }),
    }) as Readonly<Record<string, Value>>;
    // 1/9 to 11 bits; 1/3 to 24.
    expect(gradients['a']).toMatchObject({ dtype: 'f16', data: Float64Array.of(1820 / 2 ** 14) });
    expect(gradients['b']).toMatchObject({
      dtype: 'f32',
      data: Float64Array.of(Math.fround(1 / 3)),
    });
    expect(view(half, [1, 1])).toEqual({ ...half, shape: [1, 1] });
    const exact = storedRunner('float64').run(callOf(mul, { a: third, b: third }, {}));
    expect(y(exact as never)).toMatchObject({ dtype: 'f32', data: Float64Array.of(1 / 3 / 3) });
  });

  test('casts to float32 what is to be float32', () => {
    const { run } = storedRunner('float32');
    const cast = run({
      ...call('float32'),
      inputs: { x: { shape: [1], data: Float64Array.of(0.1) } },
    });
    expect(y(cast as never)).toEqual({
      shape: [1],
      dtype: 'f32',
      data: Float64Array.of(Math.fround(0.1)),
    });
  });

  test('rounds the rest to float32 where it is asked to', () => {
    expect(storedRunner('float32').add(1, 2 ** -30)).toBe(1);
    expect(storedRunner('float64').add(1, 2 ** -30)).toBe(1 + 2 ** -30);
  });

  test('overflows where float32 does', () => {
    const { add } = storedRunner('float64');
    expect(add(2 ** 127, 2 ** 126)).toBe(2 ** 127 + 2 ** 126);
    expect(add(-(2 ** 127), -(2 ** 127))).toBe(-Infinity);
  });
});
