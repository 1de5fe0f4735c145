import { InvariantError } from '../../errors.ts';
import type { Shape } from '../../tensor/shape.ts';
import { coordinatesOf, sameShape, sizeOf } from '../../tensor/shape.ts';
import { FormatError, quote } from '../format-error.ts';
import { float64Of, type StoredTensor } from '../safetensors/stored.ts';
import { pattern } from './pattern.ts';
import type { Known, OpRule, Range, TensorRule, TensorRules } from './rules.ts';

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

/** Checks names, dtypes and shapes of a bundle against the op's rule. Throws FormatError with one line about the first that is wrong. */
export function checkTensors(rule: OpRule, params: unknown, { inputs, outputs, gradsIn, gradsOut }: BundleTensors): void {
  const scope = new Scope(params, inputs);
  const named = { inputs: expand(rule.inputs, inputs), outputs: expand(rule.outputs, outputs) };
  refuseStrangers('in.', inputs, named.inputs);
  refuseStrangers('out.', outputs, named.outputs);
  for (const [name, tensorRule] of Object.entries(named.inputs)) checkInput(name, tensorRule, inputs[name], scope);
  for (const [name, tensorRule] of Object.entries(named.outputs)) {
    const stored = outputs[name];
    if (!stored) continue;
    if (tensorRule.when?.(params as never) === false) throw new FormatError(`out.${name} does not belong to these params`);
    checkTensor(`out.${name}`, stored, tensorRule, scope);
  }
  checkGradients(rule, { inputs, gradsIn, gradsOut }, named.outputs, scope);
}

/** A recording must hold something that was computed; a question to a library does not. */
export function checkAnswered({ outputs, gradsOut }: BundleTensors): void {
  if (Object.keys(outputs).length + Object.keys(gradsOut).length === 0) throw new FormatError('no out.* tensor: there is nothing to check');
}

function checkInput(name: string, rule: TensorRule<never>, stored: StoredTensor | undefined, scope: Scope): void {
  const params = scope.known.params as never;
  if (stored) {
    if (rule.when?.(params) === false) throw new FormatError(`in.${name} does not belong to these params`);
    checkTensor(`in.${name}`, stored, rule, scope);
  } else if (typeof rule.required === 'function' ? rule.required(params) : rule.required !== false) {
    throw new FormatError(`in.${name} is missing`);
  }
}

function checkGradients(
  rule: OpRule,
  { inputs, gradsIn, gradsOut }: Omit<BundleTensors, 'outputs'>,
  outputs: TensorRules<never>,
  scope: Scope,
): void {
  for (const [name, stored] of Object.entries(gradsIn)) {
    const outputRule = outputs[name];
    if (!outputRule || !rule.gradients) throw new FormatError(`in.grad.${name}: the op has no gradient for an output of that name`);
    checkTensor(`in.grad.${name}`, stored, outputRule, scope);
  }
  for (const [name, stored] of Object.entries(gradsOut)) {
    const input = inputs[name];
    const differentiable = rule.gradients?.some((pattern) => matchesName(pattern, name));
    if (!input || !differentiable) throw new FormatError(`out.grad.${name}: the op has no gradient of an input of that name`);
    if (Object.keys(gradsIn).length === 0) throw new FormatError(`out.grad.${name} has no in.grad.* that flows in`);
    checkTensor(`out.grad.${name}`, stored, { dtypes: ['F32', 'F16', 'BF16', 'F64'], shape: () => input.shape }, scope);
  }
}

function checkTensor(
  what: string,
  stored: StoredTensor,
  { dtypes, shape: shapeRule, range, ascending }: TensorRule<never>,
  scope: Scope,
): void {
  const { dtype, shape } = stored;
  if (!dtypes.includes(dtype)) throw new FormatError(`${what} is ${dtype}; ${dtypes.join(' or ')} is needed`);
  if (shape.length === 0) throw new FormatError(`${what} has no dimension; a scalar has shape [1]`);
  if (shape.length > MAX_DIMENSIONS) throw new FormatError(`${what} has ${shape.length} dimensions; at most ${MAX_DIMENSIONS} are known`);
  if (sizeOf(shape) === 0) throw new FormatError(`${what} has shape [${shape.join(', ')}], which has no elements`);
  try {
    const wanted =
      typeof shapeRule === 'string' ? pattern(shapeRule).bind(shape, scope.dimensions) : shapeRule(scope.known as Known<never>, shape);
    if (!sameShape(wanted, shape)) throw new FormatError(`[${wanted.join(', ')}] is needed`);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${what} has shape [${shape.join(', ')}]: ${error.message}`, { cause: error });
  }
  if (range) checkRange(what, stored, range(scope.known as Known<never>));
  if (ascending) checkOrder(what, stored);
}

function checkRange(what: string, stored: StoredTensor, { low, high, also }: Range): void {
  const values = float64Of(stored);
  const at = values.findIndex((x) => (x < low || x > high) && x !== also);
  if (at < 0) return;
  const where = coordinatesOf(at, stored.shape).join(', ');
  throw new FormatError(`${what}[${where}] is ${values[at]}; ${low} to ${high}${also === undefined ? '' : ` or ${also}`} is needed`);
}

function checkOrder(what: string, stored: StoredTensor): void {
  const at = float64Of(stored).findIndex((x, i, all) => !Number.isFinite(x) || x < (all[i - 1] ?? x));
  if (at >= 0)
    throw new FormatError(`${what}[${coordinatesOf(at, stored.shape).join(', ')}] is out of order: ascending numbers are needed`);
}

/** What was learnt of sizes and shapes so far. */
class Scope {
  readonly dimensions = new Map<string, Shape>();
  readonly known: Known<unknown>;

  constructor(params: unknown, inputs: StoredTensors) {
    this.known = {
      params,
      size: (name) => {
        const bound = this.dimensions.get(name) ?? this.dimensions.get(`*${name}`);
        if (!bound) throw new InvariantError(`no pattern binds the dimension ${name} before it is used`);
        return sizeOf(bound);
      },
      shape: (name) => {
        const stored = inputs[name];
        if (!stored) throw new FormatError(`in.${name}, which it depends on, is missing`);
        return stored.shape;
      },
    };
  }
}

/** Replaces `x#` and `base.*` by the names that are there; `x#` must count from 0 without a hole. */
function expand(rules: TensorRules<never>, present: StoredTensors): TensorRules<never> {
  return Object.fromEntries(
    Object.entries(rules).flatMap(([name, rule]) => {
      if (!/[#*]/.test(name)) return [[name, rule]];
      const found = Object.keys(present).filter((candidate) => matchesName(name, candidate));
      if (name.endsWith('*')) return found.map((candidate) => [candidate, rule]);
      return Array.from({ length: Math.max(1, found.length) }, (_, i) => [name.replace('#', String(i)), rule]);
    }),
  );
}

function matchesName(ruleName: string, name: string): boolean {
  if (ruleName.endsWith('*')) return name.startsWith(ruleName.slice(0, -1));
  return ruleName.endsWith('#') ? new RegExp(`^${ruleName.slice(0, -1)}(0|[1-9]\\d*)$`).test(name) : ruleName === name;
}

function refuseStrangers(prefix: string, present: StoredTensors, rules: TensorRules<never>): void {
  const stranger = Object.keys(present).find((name) => !Object.hasOwn(rules, name));
  if (stranger !== undefined) {
    throw new FormatError(
      `the op has no tensor ${quote(prefix + stranger)}; known are ${Object.keys(rules)
        .map((name) => prefix + name)
        .join(', ')}`,
    );
  }
}
