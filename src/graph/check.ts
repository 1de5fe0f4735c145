import { sizeOf } from '../tensor/shape.ts';
import { SignatureError } from '../vocabulary/error.ts';
import { expandedRules, KnownShapes } from '../vocabulary/known-shapes.ts';
import type { TensorRule, TensorRules } from '../vocabulary/rules.ts';
import { acceptedTypes, completed } from '../vocabulary/signature.ts';
import { mapped, type Named } from './call.ts';
import { GraphError } from './error.ts';
import { type CallNode, type Graph, isView, type ValueId, type ValueType } from './graph.ts';

/**
 * Checks every call against its signature: names, element types and shapes of what it reads and
 * gives, and that each value is computed before it is read. Throws {@link GraphError} at the first
 * call that does not hold.
 */
export function checkGraph(graph: Graph): void {
  const computed = new Set<ValueId>(Object.values(graph.inputs));
  for (const id of Object.values(graph.constants)) computed.add(id);
  for (const node of graph.nodes) {
    if (isView(node)) checkView(graph, node.of, node.view);
    else checkCall(graph, node);
    const [read, given] = isView(node)
      ? [[node.of], [node.view]]
      : [Object.values(node.inputs), Object.values(node.outputs)];
    requireAll(read, computed, isView(node) ? 'a view' : whatOf(node));
    for (const id of given) computed.add(id);
  }
  requireAll(Object.values(graph.outputs), computed, 'the end');
}

function checkCall({ values }: Graph, node: CallNode): void {
  const { op } = node;
  const types = (ids: Named<ValueId>) => mapped(ids, (id) => values[id] as ValueType);
  const inputs = types(node.inputs);
  const params = completed(op, node.params);
  const shapes = new KnownShapes(params, inputs);
  checkSide(node, { shapes, rules: op.inputs, tensors: inputs, areGiven: true });
  checkSide(node, { shapes, rules: op.outputs, tensors: types(node.outputs), areGiven: false });
}

/** The tensors of one side of a call beside their rules. */
interface Side {
  readonly shapes: KnownShapes;
  readonly rules: TensorRules<never>;
  readonly tensors: Named<ValueType>;
  /** Whether those that are not optional must be there. */
  readonly areGiven: boolean;
}

function checkSide(node: CallNode, { shapes, rules, tensors, areGiven }: Side): void {
  const expanded = expandedRules(rules, Object.keys(tensors));
  const unknown = Object.keys(tensors).find((name) => !Object.hasOwn(expanded, name));
  if (unknown !== undefined) throw new GraphError(`${whatOf(node)} has no tensor ${unknown}`);
  for (const [name, rule] of Object.entries(expanded)) {
    const tensor = tensors[name];
    if (tensor) checkTensor(`${name} of ${whatOf(node)}`, tensor, rule, shapes);
    else if (areGiven && !rule.optional && (rule.when?.(shapes.known.params) ?? true))
      throw new GraphError(`${whatOf(node)} lacks the input ${name}`);
  }
}

function checkTensor(
  what: string,
  { dtype, shape }: ValueType,
  rule: TensorRule<never>,
  shapes: KnownShapes,
): void {
  const taken = acceptedTypes(rule);
  if (!taken.includes(dtype))
    throw new GraphError(`${what} is ${dtype}; ${taken.join(' or ')} is needed`);
  try {
    shapes.check(rule, shape);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new GraphError(`${what} has shape [${shape.join(', ')}]: ${error.message}`, {
      cause: error,
    });
  }
}

function checkView({ values }: Graph, of: ValueId, view: ValueId): void {
  const before = values[of] as ValueType;
  const after = values[view] as ValueType;
  if (sizeOf(before.shape) !== sizeOf(after.shape) || before.dtype !== after.dtype)
    throw new GraphError(
      `a view of ${before.dtype} [${before.shape.join(', ')}] cannot be ${after.dtype} [${after.shape.join(', ')}]`,
    );
}

function requireAll(ids: readonly ValueId[], computed: ReadonlySet<ValueId>, what: string): void {
  const missing = ids.find((id) => !computed.has(id));
  if (missing !== undefined)
    throw new GraphError(`${what} reads the value ${missing} before it is computed`);
}

function whatOf({ op, layer }: CallNode): string {
  return `${op.name} in ${layer}`;
}
