import type { Shape } from '../tensor/shape.ts';
import { formatShape } from '../tensor/shape.ts';
import { type Call, mapped, type Named } from './call.ts';
import { GraphError } from './error.ts';
import { type CallNode, type Graph, isView, type ValueId } from './graph.ts';

/** A party that runs calls. */
export interface Runner<T> {
  /** The outputs of a forward call, by name. */
  run(call: Call<T>): Named<T> | Promise<Named<T>>;
  /** The same elements in another shape. */
  view(value: T, shape: Shape): T;
}

/**
 * Runs the graph call by call and returns every value that was computed or given. `given` holds
 * inputs and constants by name. Throws {@link GraphError} for one that is missing or has another
 * shape, and for a call that gave another shape than was recorded.
 */
export async function run<T extends { readonly shape: Shape }>(
  graph: Graph,
  runner: Runner<T>,
  given: Named<T>,
): Promise<ReadonlyMap<ValueId, T>> {
  const values = new Map<ValueId, T>();
  const set = (id: ValueId, value: T | undefined, what: string) =>
    values.set(id, checked(graph, id, value, what));
  for (const [name, id] of Object.entries(graph.constants)) set(id, given[name], name);
  for (const [name, id] of Object.entries(graph.inputs)) set(id, given[name], name);
  for (const node of graph.nodes) {
    if (isView(node)) {
      const { shape } = graph.values[node.view] as { readonly shape: Shape };
      values.set(node.view, runner.view(valueAt(values, node.of, 'a view'), shape));
      continue;
    }
    const results = await runner.run(callOfNode(node, values));
    for (const [name, id] of Object.entries(node.outputs)) {
      set(id, results[name], `${name} of ${node.op.name} in ${node.layer}`);
    }
  }
  return values;
}

/** The call of a node on the values that it reads. */
export function callOfNode<T>(
  { layer, op, params, inputs }: CallNode,
  values: ReadonlyMap<ValueId, T>,
): Call<T> {
  const what = `${op.name} in ${layer}`;
  return { op, params, inputs: mapped(inputs, (id) => valueAt(values, id, what)) };
}

function valueAt<T>(values: ReadonlyMap<ValueId, T>, id: ValueId, what: string): T {
  const value = values.get(id);
  if (value === undefined)
    throw new GraphError(`${what} reads the value ${id} before it is computed`);
  return value;
}

function checked<T extends { readonly shape: Shape }>(
  graph: Graph,
  id: ValueId,
  value: T | undefined,
  what: string,
): T {
  if (!value) throw new GraphError(`${what} is missing`);
  const { shape } = graph.values[id] as { readonly shape: Shape };
  const given = formatShape(value.shape);
  const recorded = formatShape(shape);
  if (given !== recorded)
    throw new GraphError(`${what} has shape ${given} and the graph says ${recorded}`);
  return value;
}
