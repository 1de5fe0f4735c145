import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Shape } from '../tensor/shape.ts';
import { KnownShapes } from '../vocabulary/known-shapes.ts';
import { add } from '../vocabulary/math/add.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { GraphBuilder } from './builder.ts';
import { type Call, callOf, mapped, present } from './call.ts';
import { checkGraph } from './check.ts';
import type { Graph, ValueType } from './graph.ts';
import { type Runner, run } from './run.ts';

interface Numbers {
  readonly shape: Shape;
  readonly data: readonly number[];
}

const numbers = (shape: Shape, ...data: number[]): Numbers => ({ shape, data });

/** Adds and multiplies element by element. */
const runner: Runner<Numbers> = {
  run: ({ op, inputs }: Call<Numbers>) => {
    const { a, b } = inputs as { readonly a: Numbers; readonly b: Numbers };
    const f = op === add ? (x: number, y: number) => x + y : (x: number, y: number) => x * y;
    return { y: numbers(a.shape, ...a.data.map((x, i) => f(x, b.data[i] as number))) };
  },
  view: ({ data }, shape) => ({ shape, data }),
};

const type = (...shape: Shape): ValueType => ({ dtype: 'f32', shape });

/** z = (x + w) * x, flat. */
function sumTimes(): Graph {
  const [x, w, y, z, flat] = Array.from({ length: 5 }, (_, i) =>
    i < 4 ? type(1, 2) : type(2),
  ) as [ValueType, ValueType, ValueType, ValueType, ValueType];
  const builder = new GraphBuilder({ x }, new Map([[w, 'w']]));
  builder.call({ layer: 'sum', ...callOf(add, { a: x, b: w }, {}), outputs: { y } });
  builder.call({ layer: 'times', ...callOf(mul, { a: y, b: x }, {}), outputs: { y: z } });
  builder.view(z, flat);
  return builder.build({ flat });
}

const given = { x: numbers([1, 2], 3, 4), w: numbers([1, 2], 10, 20) };

describe('a run', () => {
  test('computes call by call, and returns every value', async () => {
    const graph = sumTimes();
    const values = await run(graph, runner, given);
    expect(values.size).toBe(graph.values.length);
    expect(values.get(graph.outputs['flat'] as number)).toEqual(numbers([2], 39, 96));
  });

  test.each<[string, object, string]>([
    ['lacks an input', { w: given.w }, 'x is missing'],
    ['lacks a constant', { x: given.x }, 'w is missing'],
    [
      'is given another shape',
      { ...given, w: numbers([2], 1, 2) },
      'w has shape 2 and the graph says 1x2',
    ],
  ])('that %s is refused', async (_, wrong, message) => {
    await expect(run(sumTimes(), runner, wrong as typeof given)).rejects.toThrow(message);
  });

  test('whose call gives another shape, or nothing, is refused', async () => {
    const giving = (y: Numbers | undefined): Runner<Numbers> => ({
      ...runner,
      run: () => ({ y }) as never,
    });
    await expect(run(sumTimes(), giving(numbers([2], 1, 2)), given)).rejects.toThrow(
      'y of add in sum has shape 2 and the graph says 1x2',
    );
    await expect(run(sumTimes(), giving(undefined), given)).rejects.toThrow(
      'y of add in sum is missing',
    );
  });

  test('that reads what was not computed is refused', async () => {
    const graph = sumTimes();
    const [sum, times, view] = graph.nodes as [never, never, never];
    await expect(run({ ...graph, nodes: [times, sum, view] }, runner, given)).rejects.toThrow(
      'mul in times reads the value 2 before it is computed',
    );
    await expect(run({ ...graph, nodes: [view, sum, times] }, runner, given)).rejects.toThrow(
      'a view reads the value 3 before it is computed',
    );
  });
});

describe('a graph does not hold', () => {
  test.each<[string, (graph: Graph) => Graph, string]>([
    [
      'where a view has other elements',
      (graph) => ({ ...graph, values: graph.values.with(4, type(3)) }),
      'a view of f32 [1, 2] cannot be f32 [3]',
    ],
    [
      'where a view has another type',
      (graph) => ({ ...graph, values: graph.values.with(4, { dtype: 'i32', shape: [2] }) }),
      'a view of f32 [1, 2] cannot be i32 [2]',
    ],
    [
      'where a view comes too soon',
      (graph) => ({ ...graph, nodes: [graph.nodes[2], graph.nodes[0], graph.nodes[1]] as never }),
      'a view reads the value 3 before it is computed',
    ],
    [
      'where an output is computed nowhere',
      (graph) => ({ ...graph, nodes: graph.nodes.slice(0, 2) }),
      'the end reads the value 4 before it is computed',
    ],
    [
      'where a call gives what its op does not',
      (graph) => ({
        ...graph,
        nodes: graph.nodes.with(0, { ...graph.nodes[0], outputs: { z: 2 } } as never),
      }),
      'add in sum has no tensor z',
    ],
  ])('%s', (_, changed, message) => {
    expect(() => checkGraph(sumTimes())).not.toThrow();
    expect(() => checkGraph(changed(sumTimes()))).toThrow(message);
  });
});

test('a call may leave out what nothing reads, and lacks what is read', () => {
  const graph = sumTimes();
  const [sum, ...rest] = graph.nodes;
  const without = { ...graph, nodes: [{ ...sum, outputs: {} } as never, ...rest] };
  expect(() => checkGraph(without)).toThrow('mul in times reads the value 2 before it is computed');
});

test('what goes wrong in a check itself is no fault of the graph', () => {
  onTestFinished(() => void vi.restoreAllMocks());
  const fault = new RangeError('no stack is left');
  vi.spyOn(KnownShapes.prototype, 'check').mockImplementationOnce(() => {
    throw fault;
  });
  expect(() => checkGraph(sumTimes())).toThrow(fault);
});

test('what is absent is left out of a call', () => {
  expect(present({ a: 1, b: undefined, c: 0 })).toEqual({ a: 1, c: 0 });
  expect(mapped({ a: 1, b: 2 }, (value, name) => `${name}${value}`)).toEqual({ a: 'a1', b: 'b2' });
  const x = type(1);
  const call = callOf(add, { a: x, b: x }, {}, { grads: { y: x }, wants: ['a'], variant: 'vec4' });
  expect(call).toEqual({
    op: add,
    params: {},
    inputs: { a: x, b: x },
    grads: { y: x },
    wants: ['a'],
    variant: 'vec4',
  });
  expect('grads' in callOf(add, { a: x, b: x }, {})).toBe(false);
});
