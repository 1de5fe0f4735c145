import { expect, test } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { callOf } from '../graph/call.ts';
import type { ValueId, ValueType } from '../graph/graph.ts';
import { run } from '../graph/run.ts';
import type { Shape } from '../tensor/shape.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { silu } from '../vocabulary/nn/silu.ts';
import { backward } from './backward.ts';
import { referenceRunner } from './runner.ts';

const f32 = (...shape: Shape): ValueType => ({ dtype: 'f32', shape });
const value = (shape: Shape, ...data: readonly number[]) => ({
  shape,
  data: Float64Array.from(data),
});

test('gradients of a value that is read twice add up, through views, and reach no other value', async () => {
  const x = f32(2);
  const row = f32(1, 2);
  const square = f32(1, 2);
  const aside = f32(2);
  const builder = new GraphBuilder({ x });
  builder.view(x, row);
  builder.call({ layer: 'square', ...callOf(mul, { a: row, b: row }, {}), outputs: { y: square } });
  builder.call({ layer: 'aside', ...callOf(silu, { x }, {}), outputs: { y: aside } });
  const graph = builder.build({ square, aside });
  const id = (name: string) => ({ ...graph.inputs, ...graph.outputs })[name] as ValueId;
  const values = await run(graph, referenceRunner, { x: value([2], 3, 5) });
  const seeds = new Map([[id('square'), value([1, 2], 1, 10)]]);
  const gradients = backward(graph, values, seeds, referenceRunner);
  expect(gradients.get(id('x'))).toEqual(value([2], 6, 100));
  expect(gradients.has(id('aside'))).toBe(false);
});
