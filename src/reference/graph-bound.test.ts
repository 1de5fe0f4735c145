import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../graph/builder.ts';
import { callOf } from '../graph/call.ts';
import type { Graph, ValueType } from '../graph/graph.ts';
import { run } from '../graph/run.ts';
import type { DType } from '../tensor/dtype.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { quantizeLinear } from '../vocabulary/quant/quantize_linear.ts';
import { transpose } from '../vocabulary/shape/transpose.ts';
import { graphBound } from './graph-bound.ts';
import type { Value } from './record.ts';
import { referenceRunner } from './runner.ts';

const typed = (dtype: DType = 'f32'): ValueType => ({ dtype, shape: [2] });
const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const arithmeticOf = () => ({ depth: (terms: number) => terms, ieee: false });

/** z = (a * s) * t, in the same order again. */
function products(): Graph {
  const [a, s, t] = [typed(), typed(), typed()] as const;
  const [y, z, copied] = [typed(), typed(), typed()] as const;
  const builder = new GraphBuilder({ a, s, t });
  builder.call({ layer: 'first', ...callOf(mul, { a, b: s }, {}), outputs: { y } });
  builder.call({ layer: 'second', ...callOf(mul, { a: y, b: t }, {}), outputs: { y: z } });
  builder.call({
    layer: 'copy',
    ...callOf(transpose, { x: z }, { perm: [0] }),
    outputs: { y: copied },
  });
  return builder.build({ y, z, copied });
}

async function boundOf(output: 'y' | 'z' | 'copied', a: Value): Promise<readonly number[]> {
  const graph = products();
  const values = await run(graph, referenceRunner, { a, s: of(3, 4), t: of(5, -7) });
  return [...graphBound(graph, values, graph.outputs[output] as number, arithmeticOf)];
}

/** 2^-23, a unit of rounding, and a thousandth for what is of second order. */
const UNIT = 1.001 * 2 ** -23;
/** What one flush may cost. */
const FLUSH = 1.001 * 2 ** -126;

describe('how far a value of a graph may be off', () => {
  test('is a unit of its own product, and that of what it is made of times the other factor', async () => {
    // 2 * 3 * 5 and 1.5 * 4 * -7: each product may be off by a unit of itself.
    const [first = 0, second = 0] = await boundOf('z', of(2, 1.5));
    expect(first / UNIT).toBeCloseTo(30 + 5 * 6, 9);
    expect(second / UNIT).toBeCloseTo(42 + 7 * 6, 9);
    const [own = 0] = await boundOf('y', of(2, 1.5));
    expect(own / UNIT).toBeCloseTo(6, 9);
  });

  test('has what may be flushed, of a copy too', async () => {
    // A product of 0 and 3: 2 + 3 flushes, of 0 and 5 2 + 5 of them.
    const [z = 0] = await boundOf('z', of(0, 0));
    expect(z / FLUSH).toBeCloseTo(7 + 5 * 5, 9);
    const [copied = 0] = await boundOf('copied', of(0, 0));
    expect(copied / FLUSH).toBeCloseTo(7 + 5 * 5 + 1, 9);
  });
});

describe('codes', () => {
  /** A product beside codes of its operand. */
  async function beside(x: Value): Promise<number> {
    const [given, y] = [typed(), typed()] as const;
    const scale = { dtype: 'f32', shape: [] } as const;
    const q = typed('u8');
    const builder = new GraphBuilder<ValueType>({ given, scale });
    builder.call({ layer: 'square', ...callOf(mul, { a: given, b: given }, {}), outputs: { y } });
    builder.call({
      layer: 'codes',
      ...callOf(quantizeLinear, { x: given, scale }, {}),
      outputs: { q },
    });
    const graph = builder.build({ y, q });
    const one = { shape: [], data: Float64Array.of(1) };
    const values = await run(graph, referenceRunner, { given: x, scale: one });
    return graphBound(graph, values, graph.outputs['y'] as number, arithmeticOf)[0] as number;
  }

  test('that are certain have no part in it', async () => {
    expect((await beside(of(2, 3))) / UNIT).toBeCloseTo(4, 9);
  });

  test('that may be either of two have no bound', async () => {
    await expect(beside(of(2.5, 3))).rejects.toThrow('q of quantize_linear in codes has no bound');
  });
});
