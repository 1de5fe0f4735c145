import { mapped } from '../../graph/call.ts';
import { coordinatesOf } from '../../tensor/shape.ts';
import { SignatureError } from '../../vocabulary/error.ts';
import { expandedRules, KnownShapes } from '../../vocabulary/known-shapes.ts';
import { isStoredInteger, resultTypes } from '../../vocabulary/promotion.ts';
import {
  type BundleDType,
  FLOAT,
  float,
  type Range,
  type TensorRule,
  type TensorRules,
} from '../../vocabulary/rules.ts';
import { matchesName, ruleOf, type Signature } from '../../vocabulary/signature.ts';
import { FormatError, quote } from '../format-error.ts';
import { float64Of, type StoredDType, type StoredTensor } from '../safetensors/stored.ts';

/** Stored tensors by their name without `in.` or `out.`. */
export type StoredTensors = Readonly<Record<string, StoredTensor>>;

/** The four groups of tensors of a bundle. */
export interface BundleTensors {
  readonly inputs: StoredTensors;
  readonly outputs: StoredTensors;
  readonly gradsIn: StoredTensors;
  readonly gradsOut: StoredTensors;
}

const MAX_DIMENSIONS = 8;

/**
 * Checks names, dtypes and shapes of a bundle against the op's rule. Throws FormatError with one
 * line about the first that is wrong.
 */
export function checkTensors(
  rule: Signature,
  params: unknown,
  { inputs, outputs, gradsIn, gradsOut }: BundleTensors,
): void {
  const scope = new KnownShapes(params, inputs);
  const named = {
    inputs: expandedRules(rule.inputs, Object.keys(inputs)),
    outputs: expandedRules(rule.outputs, Object.keys(outputs)),
  };
  refuseUnknownNames('in.', inputs, named.inputs);
  refuseUnknownNames('out.', outputs, named.outputs);
  for (const [name, tensorRule] of Object.entries(named.inputs))
    checkInput(name, tensorRule, inputs[name], scope);
  for (const [name, tensorRule] of Object.entries(named.outputs)) {
    const stored = outputs[name];
    if (!stored) continue;
    if (tensorRule.when?.(params as never) === false)
      throw new FormatError(`out.${name} does not belong to these params`);
    checkTensor(`out.${name}`, stored, tensorRule, scope);
    checkType(rule, name, stored.dtype, inputs, scope);
  }
  checkGradients(rule, { inputs, gradsIn, gradsOut }, named.outputs, scope);
}

/** Element types that an output may have of these inputs. */
function typesOf(
  rule: Signature,
  output: string,
  inputs: StoredTensors,
  { known: { params } }: KnownShapes,
): readonly BundleDType[] {
  return resultTypes(
    rule,
    output,
    mapped(inputs, ({ dtype }) => dtype as BundleDType),
    params,
  );
}

/** Refuses a result of another element type than the inputs and parameters give. */
function checkType(
  rule: Signature,
  name: string,
  dtype: StoredDType,
  inputs: StoredTensors,
  scope: KnownShapes,
): void {
  const all = typesOf(rule, name, inputs, scope);
  // A scalar has shape [1] here; torch's own has no dimension, and leaves others their type.
  const isScalar = ([input, { shape }]: [string, StoredTensor]) =>
    ruleOf(rule.inputs, input)?.operand !== undefined && shape.every((n) => n === 1);
  const others = Object.entries(inputs).filter((one) => !isScalar(one));
  const isLeft = others.some(([input]) => ruleOf(rule.inputs, input)?.operand !== undefined);
  const withoutScalars =
    isLeft && !all.some(isStoredInteger)
      ? typesOf(rule, name, Object.fromEntries(others), scope)
      : [];
  const types = [...new Set([...all, ...withoutScalars])];
  if (!types.some((one) => one === dtype))
    throw new FormatError(
      `out.${name} is ${dtype}; of these inputs and params it is ${types.join(' or ')}`,
    );
}

/** A recording must hold something that was computed; a question to a library does not. */
export function checkAnswered({ outputs, gradsOut }: BundleTensors): void {
  if (Object.keys(outputs).length + Object.keys(gradsOut).length === 0)
    throw new FormatError('no out.* tensor: there is nothing to check');
}

function checkInput(
  name: string,
  rule: TensorRule<never>,
  stored: StoredTensor | undefined,
  scope: KnownShapes,
): void {
  const { params } = scope.known;
  if (stored) {
    if (rule.when?.(params) === false)
      throw new FormatError(`in.${name} does not belong to these params`);
    checkTensor(`in.${name}`, stored, rule, scope);
  } else if (!rule.optional && (rule.when?.(params) ?? true)) {
    throw new FormatError(`in.${name} is missing`);
  }
}

function checkGradients(
  rule: Signature,
  { inputs, gradsIn, gradsOut }: Omit<BundleTensors, 'outputs'>,
  outputs: TensorRules<never>,
  scope: KnownShapes,
): void {
  for (const [name, stored] of Object.entries(gradsIn)) {
    const outputRule = outputs[name];
    // A launcher is told of no gradient of integers, nor of what the op detaches.
    const takesNone =
      outputRule?.detached || typesOf(rule, name, inputs, scope).every(isStoredInteger);
    if (!outputRule || takesNone || rule.gradients.length === 0)
      throw new FormatError(`in.grad.${name}: the op has no gradient for an output of that name`);
    checkTensor(`in.grad.${name}`, stored, { ...outputRule, dtypes: FLOAT }, scope);
  }
  for (const [name, stored] of Object.entries(gradsOut)) {
    const input = inputs[name];
    const differentiable = rule.gradients.some((pattern) => matchesName(pattern, name));
    if (!input || !differentiable)
      throw new FormatError(`out.grad.${name}: the op has no gradient of an input of that name`);
    if (!FLOAT.some((known) => known === input.dtype))
      throw new FormatError(
        `out.grad.${name}: in.${name} is ${input.dtype}, and integers have no gradient`,
      );
    if (Object.keys(gradsIn).length === 0 && !isScalar(outputs[scalarOutput(rule) ?? ''], scope))
      throw new FormatError(`out.grad.${name} has no in.grad.* that flows in`);
    checkTensor(`out.grad.${name}`, stored, { ...float(() => input.shape) }, scope);
  }
}

/** The one output that an op has, but for those that may be absent or take no gradient. */
function scalarOutput({ outputs }: Signature): string | undefined {
  const always = Object.entries(outputs).filter(
    ([, { optional, when, detached }]) => !(optional || when || detached),
  );
  return always.length === 1 ? always[0]?.[0] : undefined;
}

function isScalar(rule: TensorRule<never> | undefined, scope: KnownShapes): boolean {
  if (!rule) return false;
  try {
    scope.check(rule, [1]);
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
  return true;
}

/**
 * The gradients that flow in: where none is stored and some come out, 1 into the op's one output.
 */
export function flowingIn(rule: Signature, { gradsIn, gradsOut }: BundleTensors): StoredTensors {
  const name = scalarOutput(rule);
  if (name === undefined || Object.keys(gradsIn).length > 0 || Object.keys(gradsOut).length === 0)
    return gradsIn;
  const one = new Uint8Array(Float32Array.of(1).buffer);
  return { [name]: { dtype: 'F32', shape: [1], bytes: one } };
}

function checkTensor(
  what: string,
  stored: StoredTensor,
  rule: TensorRule<never>,
  scope: KnownShapes,
): void {
  const { dtype, shape } = stored;
  const { dtypes, range, ascending } = rule;
  if (!dtypes.some((known) => known === dtype))
    throw new FormatError(`${what} is ${dtype}; ${dtypes.join(' or ')} is needed`);
  if (shape.length === 0) throw new FormatError(`${what} has no dimension; a scalar has shape [1]`);
  if (shape.length > MAX_DIMENSIONS)
    throw new FormatError(
      `${what} has ${shape.length} dimensions; at most ${MAX_DIMENSIONS} are known`,
    );
  try {
    scope.check(rule, shape);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new FormatError(`${what} has shape [${shape.join(', ')}]: ${error.message}`, {
      cause: error,
    });
  }
  if (range) checkRange(what, stored, range(scope.known));
  if (ascending) checkOrder(what, stored);
}

function checkRange(what: string, stored: StoredTensor, { low, high, also }: Range): void {
  const values = float64Of(stored);
  const at = values.findIndex((x) => (x < low || x > high) && x !== also);
  if (at < 0) return;
  const where = coordinatesOf(at, stored.shape).join(', ');
  throw new FormatError(
    `${what}[${where}] is ${values[at]}; ${low} to ${high}${also === undefined ? '' : ` or ${also}`} is needed`,
  );
}

function checkOrder(what: string, stored: StoredTensor): void {
  const at = float64Of(stored).findIndex(
    (x, i, all) => !Number.isFinite(x) || x < (all[i - 1] as number),
  );
  if (at >= 0)
    throw new FormatError(
      `${what}[${coordinatesOf(at, stored.shape).join(', ')}] is out of order: ascending numbers are needed`,
    );
}

function refuseUnknownNames(
  prefix: string,
  present: StoredTensors,
  rules: TensorRules<never>,
): void {
  const unknown = Object.keys(present).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) {
    throw new FormatError(
      `the op has no tensor ${quote(prefix + unknown)}; known are ${Object.keys(rules)
        .map((name) => prefix + name)
        .join(', ')}`,
    );
  }
}
