import { InvariantError } from '../errors.ts';
import { mapped } from '../graph/call.ts';
import { type CallNode, callsOf, type Graph, type ValueId } from '../graph/graph.ts';
import { callOfNode } from '../graph/run.ts';
import { backward, type GraphValues } from './backward.ts';
import { FLUSH, SECOND_ORDER } from './bounds.ts';
import type { Arithmetic, Value } from './record.ts';
import { referenceRunner } from './runner.ts';
import { acceptancesOf } from './truth.ts';

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
    const flow = backward(graph, values, new Map([[output, seed]]), referenceRunner);
    return SECOND_ORDER * carried(graph, own, flow);
  });
}

/** What all calls together may add to the element whose gradients `flow` holds. */
function carried(graph: Graph, own: Bounds, flow: GraphValues): number {
  let sum = 0;
  for (const { outputs } of callsOf(graph).toReversed()) {
    for (const id of Object.values(outputs)) {
      const bound = own.get(id) as Float64Array;
      for (const [i, slope] of flow.get(id)?.data.entries() ?? [])
        sum += Math.abs(slope) * (bound[i] as number);
    }
  }
  return sum;
}

/** What a call may add to each of its outputs, computed from the very values of the float64 run. */
function boundsOf(node: CallNode, values: GraphValues, arithmetic: Arithmetic): Bounds {
  const { op, outputs } = node;
  const truth = mapped(outputs, (id) => values.get(id) as Value);
  const acceptances = acceptancesOf(callOfNode(node, values), truth, arithmetic);
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
