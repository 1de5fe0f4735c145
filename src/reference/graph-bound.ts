import { InvariantError } from '../errors.ts';
import { mapped } from '../graph/call.ts';
import { type CallNode, callsOf, type Graph, isView, type ValueId } from '../graph/graph.ts';
import { FLUSH, SECOND_ORDER } from './bounds.ts';
import type { Arithmetic, Value, Values } from './record.ts';
import { acceptancesOf, truthOf } from './truth.ts';

/** The float64 values of a graph, by id. */
type GraphValues = ReadonlyMap<ValueId, Value>;

/** Bounds of what one call gives, by value. */
type Bounds = ReadonlyMap<ValueId, Float64Array>;

/**
 * How far each element of the value `output` may be off on a legal device: what every call may add
 * by its record, carried through the rest of the graph by the records' VJPs, to first order: no
 * element may lie within its error of a kink. `values` are those of a float64 run. Throws
 * InvariantError for a call between that has no VJP or no bound.
 */
export function graphBound(
  graph: Graph,
  values: GraphValues,
  output: ValueId,
  arithmeticOf: (node: CallNode) => Arithmetic,
): Float64Array {
  const own = new Map(
    callsOf(graph).flatMap((node) => [...boundsOf(node, values, arithmeticOf(node))]),
  );
  const { shape, data } = values.get(output) as Value;
  return data.map((_, element) => {
    const seed = { shape, data: data.map((_, i) => Number(i === element)) };
    return SECOND_ORDER * carried(graph, values, own, new Map([[output, seed]]));
  });
}

/** What all calls together may add to the element whose gradient `flow` begins with. */
function carried(
  graph: Graph,
  values: GraphValues,
  own: Bounds,
  flow: Map<ValueId, Value>,
): number {
  let sum = 0;
  for (const node of graph.nodes.toReversed()) {
    if (isView(node)) {
      const gradient = flow.get(node.view);
      if (gradient)
        add(flow, node.of, { ...gradient, shape: (values.get(node.of) as Value).shape });
      continue;
    }
    const grads = Object.fromEntries(
      Object.entries(node.outputs).flatMap(([name, id]) => {
        const gradient = flow.get(id);
        return gradient ? [[name, gradient] as const] : [];
      }),
    );
    if (Object.keys(grads).length === 0) continue;
    for (const [name, { data }] of Object.entries(grads)) {
      const bound = own.get(node.outputs[name] as ValueId) as Float64Array;
      for (const [i, slope] of data.entries()) sum += Math.abs(slope) * (bound[i] as number);
    }
    for (const [name, gradient] of Object.entries(vjpOf(node, values, grads))) {
      const id = node.inputs[name];
      if (id !== undefined) add(flow, id, gradient);
    }
  }
  return sum;
}

function add(flow: Map<ValueId, Value>, id: ValueId, gradient: Value): void {
  const before = flow.get(id);
  const data = before ? before.data.map((x, i) => x + (gradient.data[i] as number)) : gradient.data;
  flow.set(id, { shape: gradient.shape, data });
}

function vjpOf({ op, params, inputs }: CallNode, values: GraphValues, grads: Values): Values {
  return truthOf({ op, params, inputs: valuesOf(inputs, values), grads });
}

/** What a call may add to each of its outputs, computed from the very values of the float64 run. */
function boundsOf(node: CallNode, values: GraphValues, arithmetic: Arithmetic): Bounds {
  const { op, params, outputs } = node;
  const call = { op, params, inputs: valuesOf(node.inputs, values) };
  const acceptances = acceptancesOf(call, valuesOf(outputs, values), arithmetic);
  return new Map(
    Object.entries(outputs).map(([name, id]) => {
      const acceptance = acceptances[name];
      const { data } = values.get(id) as Value;
      if (acceptance?.kind === 'within') return [id, acceptance.bound];
      // A number that is copied or cut off is itself, or was flushed to zero.
      if (acceptance && !(acceptance.kind === 'codes' && acceptance.inBand > 0))
        return [id, data.map(() => FLUSH)];
      throw new InvariantError(`${name} of ${op.name} in ${node.layer} has no bound`);
    }),
  );
}

function valuesOf(ids: CallNode['inputs'], values: GraphValues): Values {
  return mapped(ids, (id) => values.get(id) as Value);
}
