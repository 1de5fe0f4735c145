import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { callOf } from '../graph/call.ts';
import type { Graph, ValueType } from '../graph/graph.ts';
import { run } from '../graph/run.ts';
import type { Shape } from '../tensor/shape.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { matmul } from '../vocabulary/matmul/matmul.ts';
import { referenceRunner } from './runner.ts';

/** z = (x w) * s, in another shape. */
function product(): Graph {
  const f32 = (...shape: Shape): ValueType => ({ dtype: 'f32', shape });
  const x = f32(2, 3);
  const w = f32(3, 2);
  const s = f32(2);
  const y = f32(2, 2);
  const z = f32(2, 2);
  const flat = f32(4);
  const builder = new GraphBuilder(
    { x },
    new Map([
      [w, 'w'],
      [s, 's'],
    ]),
  );
  builder.call({ layer: 'fc', ...callOf(matmul, { a: x, b: w }, {}), outputs: { y } });
  builder.call({ layer: 'scale', ...callOf(mul, { a: y, b: s }, {}), outputs: { y: z } });
  builder.view(z, flat);
  return builder.build({ flat });
}

const value = (shape: Shape, ...data: readonly number[]) => ({
  shape,
  data: Float64Array.from(data),
});
const GIVEN = {
  x: value([2, 3], 1, 2, 3, 4, 5, 6),
  w: value([3, 2], 1, 0, 0, 1, 1, 1),
  s: value([2], 10, 100),
};

describe('a graph', () => {
  test('runs by the records', async () => {
    const graph = product();
    const values = await run(graph, referenceRunner, GIVEN);
    const flat = values.get(graph.outputs['flat'] as number);
    expect(flat).toEqual(value([4], 40, 500, 100, 1100));
  });

  test('refuses to run without a value, or with one of another shape', async () => {
    const graph = product();
    const { x, ...others } = GIVEN;
    await expect(run(graph, referenceRunner, others)).rejects.toThrow('x is missing');
    const turned = { ...others, x: { ...x, shape: [3, 2] } };
    await expect(run(graph, referenceRunner, turned)).rejects.toThrow(
      'x has shape 3x2 and the graph says 2x3',
    );
  });
});
