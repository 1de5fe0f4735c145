import type { Call } from '../graph/call.ts';
import { type Graph, isView, type ValueId } from '../graph/graph.ts';
import { callOfNode, type Runner } from '../graph/run.ts';
import type { Value, Values } from './record.ts';

/** Values of a graph, or their gradients, by id. */
export type GraphValues = ReadonlyMap<ValueId, Value>;

/** A runner that goes back too: a call with gradients that flow in gives those of its inputs. */
export interface DifferentiableRunner extends Runner<Value> {
  run(call: Call<Value>): Values;
  /** Adds two gradients of a value that is read more than once. */
  add(a: number, b: number): number;
  /** Rounds a number to what a weight can hold. */
  stored(x: number): number;
  /** What is awaited before each call of a training run. Default nothing. */
  pause?(): Promise<void>;
}

/** The runner of a pass forward, with the pause before each call. */
export function pausing(runner: DifferentiableRunner): Runner<Value> {
  if (!runner.pause) return runner;
  const run = async (call: Call<Value>) => {
    await runner.pause?.();
    return runner.run(call);
  };
  return { run, view: runner.view };
}

/**
 * The gradients of all values that lead to those of `seeds`, given theirs: reverse-mode
 * differentiation, call by call. `values` are those of a run forward.
 */
export function backward(...given: Parameters<typeof backwardByCall>): GraphValues {
  const calls = backwardByCall(...given);
  let at = calls.next();
  while (!at.done) at = calls.next();
  return at.value;
}

/** The same, which stops before each call. */
export function* backwardByCall(
  graph: Graph,
  values: GraphValues,
  seeds: GraphValues,
  { run, add }: Pick<DifferentiableRunner, 'run' | 'add'>,
): Generator<undefined, GraphValues> {
  const flow = new Map(seeds);
  const meet = (id: ValueId, gradient: Value) => {
    const before = flow.get(id);
    const data = before?.data.map((x, i) => add(x, gradient.data[i] as number)) ?? gradient.data;
    flow.set(id, { shape: gradient.shape, data });
  };
  for (const node of graph.nodes.toReversed()) {
    if (isView(node)) {
      const gradient = flow.get(node.view);
      if (gradient) meet(node.of, { ...gradient, shape: (values.get(node.of) as Value).shape });
      continue;
    }
    const grads = Object.fromEntries(
      Object.entries(node.outputs).flatMap(([name, id]) => {
        const gradient = flow.get(id);
        return gradient ? [[name, gradient] as const] : [];
      }),
    );
    if (Object.keys(grads).length === 0) continue;
    yield;
    for (const [name, gradient] of Object.entries(run({ ...callOfNode(node, values), grads }))) {
      const id = node.inputs[name];
      if (id !== undefined) meet(id, gradient);
    }
  }
  return flow;
}
