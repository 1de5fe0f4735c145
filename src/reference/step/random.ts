import { type Graph, isView } from '../../graph/graph.ts';
import { sizeOf } from '../../tensor/shape.ts';

/** Numbers that one count of the generator gives. */
const NUMBERS = 4;

/** Counts that a dropout of `size` elements takes. */
export const countsOf = (size: number): number => Math.ceil(size / NUMBERS);

/**
 * The graph with each dropout at its place in the stream of random numbers, one behind the other
 * from `start` on, and the place behind the last: a dropout of n elements takes n / 4 counts,
 * rounded up.
 */
export function atPosition(
  graph: Graph,
  start: number,
): { readonly graph: Graph; readonly end: number } {
  let end = start;
  const nodes = graph.nodes.map((node) => {
    if (isView(node) || node.op.name !== 'dropout') return node;
    const offset = end;
    const { shape } = graph.values[node.inputs['x'] as number] as Graph['values'][number];
    end += countsOf(sizeOf(shape));
    return { ...node, params: { ...node.params, offset } };
  });
  return { graph: { ...graph, nodes }, end };
}
