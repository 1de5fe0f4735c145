import { describe, expect, test } from 'vitest';
import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import { add } from '../vocabulary/math/add.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { matmul } from '../vocabulary/matmul/matmul.ts';
import { transpose } from '../vocabulary/shape/transpose.ts';
import { GraphBuilder } from './builder.ts';
import { callOf } from './call.ts';
import { checkGraph } from './check.ts';
import type { Graph, ValueType } from './graph.ts';

/** A tensor of a party that computes nothing. */
const tensor = (dtype: DType, ...shape: Shape): ValueType => ({ dtype, shape });

/** z = (x w) * s, in another shape. */
function product(): { readonly graph: Graph; readonly builder: GraphBuilder<ValueType> } {
  const x = tensor('f32', 2, 3);
  const w = tensor('f32', 3, 2);
  const s = tensor('f32', 2);
  const y = tensor('f32', 2, 2);
  const z = tensor('f32', 2, 2);
  const flat = tensor('f32', 4);
  const builder = new GraphBuilder({ x }, new Map([[w, 'fc.weight']]));
  builder.call({ layer: 'fc', ...callOf(matmul, { a: x, b: w }, {}), outputs: { y } });
  builder.call({ layer: 'scale', ...callOf(mul, { a: y, b: s }, {}), outputs: { y: z } });
  builder.view(z, flat);
  return { graph: builder.build({ flat }), builder };
}

describe('a graph', () => {
  test('names its inputs, and constants by the state dict or by their first reader', () => {
    const { graph, builder } = product();
    expect(Object.keys(graph.inputs)).toEqual(['x']);
    expect(Object.keys(graph.constants)).toEqual(['fc.weight', 'scale.b']);
    expect([...builder.constants.keys()]).toEqual(['fc.weight', 'scale.b']);
    expect(() => checkGraph(graph)).not.toThrow();
  });

  test('has no output that no call gave', () => {
    const { builder } = product();
    expect(() => builder.build({ other: tensor('f32', 1) })).toThrow(
      'the output other was given by no recorded call',
    );
  });
});

/** One call in a graph, with what it is said to give. */
function alone(call: ReturnType<typeof callOf<typeof add, ValueType>>, y: ValueType): Graph {
  const builder = new GraphBuilder<ValueType>({});
  builder.call({ layer: 'it', ...call, outputs: { y } });
  return builder.build({ y });
}

describe('a call that its signature does not allow', () => {
  const a = tensor('f32', 2, 3);

  test.each([
    ['shape', callOf(add, { a, b: tensor('f32', 4) }, {}), tensor('f32', 2, 3), 'do not broadcast'],
    [
      'result',
      callOf(add, { a, b: a }, {}),
      tensor('f32', 3, 2),
      'y of add in it has shape [3, 2]',
    ],
    ['type', callOf(add, { a, b: tensor('u32', 2, 3) }, {}), a, 'b of add in it is u32'],
    [
      'permutation',
      callOf(transpose, { x: a }, { perm: [1, 0] }),
      tensor('f32', 2, 3),
      'y of transpose in it has shape [2, 3]',
    ],
  ])('is refused: %s', (_, call, y, message) => {
    expect(() => checkGraph(alone(call, y))).toThrow(message);
  });

  test('is refused: a missing input, and an unknown one', () => {
    const graph = alone(callOf(add, { a, b: a }, {}), a);
    const [node] = graph.nodes;
    const changed = (inputs: object) => ({ ...graph, nodes: [{ ...node, inputs }] }) as Graph;
    expect(() => checkGraph(changed({ a: 0 }))).toThrow('add in it lacks the input b');
    expect(() => checkGraph(changed({ a: 0, b: 0, c: 0 }))).toThrow('add in it has no tensor c');
  });

  test('is refused: a value that is read before it is computed', () => {
    const { graph } = product();
    const [fc, scale, view] = graph.nodes as [never, never, never];
    expect(() => checkGraph({ ...graph, nodes: [scale, fc, view] })).toThrow(
      'mul in scale reads the value 2 before it is computed',
    );
  });
});
