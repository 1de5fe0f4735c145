import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import type { LayerCall, Named } from './call.ts';

/** A value of a graph: its place in {@link Graph.values}. */
export type ValueId = number;

/** What is known of a value before anything runs. */
export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The elements of a value in another shape. It computes nothing, and is no op. */
export interface View {
  readonly of: ValueId;
  readonly view: ValueId;
}

/** A call whose tensors are values of the graph. */
export type CallNode = LayerCall<ValueId>;

/**
 * A list of calls, in an order in which each finds what it reads. Values are numbers, so that it is
 * plain data but for the signatures.
 */
export interface Graph {
  readonly values: readonly ValueType[];
  /** What a run is given each time, by name. */
  readonly inputs: Named<ValueId>;
  /** What stays: weights by their names in the state dict, others as `<layer>.<input>`. */
  readonly constants: Named<ValueId>;
  readonly nodes: readonly (CallNode | View)[];
  readonly outputs: Named<ValueId>;
}

/** Whether a node only changes a shape. */
export function isView(node: CallNode | View): node is View {
  return 'view' in node;
}

/** The calls alone, in their order. */
export function callsOf({ nodes }: Graph): readonly CallNode[] {
  return nodes.filter((node): node is CallNode => !isView(node));
}
