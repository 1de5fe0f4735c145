import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { type DType, isFloat, isHalf, isInteger } from '../tensor/dtype.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import { promoted } from '../vocabulary/promotion.ts';
import type { TensorRules } from '../vocabulary/rules.ts';
import { ruleOf, type Signature } from '../vocabulary/signature.ts';
import { convert } from './math/convert.ts';

/**
 * How an op meets tensors stored in halves (f16, bf16). Kernels compute in float32: they read halves
 * where they lie and widen what they read, and an output is cast afterwards, unless these rules say
 * otherwise.
 */
export interface StorageRules<In extends string> {
  /**
   * Set where elements are read many times: inputs in halves are cast before. With few lanes they
   * are so too where a handful of times is enough.
   */
  readonly widens?: true | 'few lanes';
  /**
   * Inputs whose element types decide that of the outputs; default the operands that the signature
   * names, or all where it names none. Scales and statistics are no operands.
   */
  readonly decides?: readonly In[];
  /** Outputs that stay as the kernels write them: scales, and what only the backward pass reads. */
  readonly keeps?: readonly string[];
  /**
   * Outputs that take long to compute again: where they are stored in halves the backward pass is
   * given what the kernels wrote, kept beside them.
   */
  readonly remembers?: readonly string[];
}

/** Tensors by name; optional ones may be absent. */
type Named = Readonly<Record<string, Tensor | undefined>>;

/** Whether any of the tensors is stored in halves. */
export function anyHalf(tensors: Named): boolean {
  for (const name of Object.keys(tensors)) {
    const tensor = tensors[name];
    if (tensor && isHalf(tensor.dtype)) return true;
  }
  return false;
}

/**
 * The tensors with the operands that are integers as kernels compute with `type`: as 32 bits, or in
 * the floats that torch makes of them first. What is made belongs to `scope`.
 */
export function broughtTo<T extends Named>(
  gpu: Gpu,
  scope: Scope,
  tensors: T,
  { inputs: rules }: Signature,
  type: DType,
): T {
  const kept = isFloat(type) ? type : 'i32';
  const bring = ([name, tensor]: [string, Tensor | undefined]) =>
    tensor && isInteger(tensor.dtype) && tensor.dtype !== kept && ruleOf(rules, name)?.operand
      ? [name, scope.add(convert(gpu, tensor, kept))]
      : [name, tensor];
  return Object.fromEntries(Object.entries(tensors).map(bring)) as T;
}

/** The tensors with those in halves cast to f32. What is made belongs to `scope`. */
export function widened<T extends Named>(gpu: Gpu, scope: Scope, tensors: T): T {
  const wide = ([name, tensor]: [string, Tensor | undefined]) =>
    tensor && isHalf(tensor.dtype)
      ? [name, scope.add(convert(gpu, tensor, 'f32'))]
      : [name, tensor];
  return Object.fromEntries(Object.entries(tensors).map(wide)) as T;
}

/**
 * The tensors with those in f32 cast to the half format that `dtypeOf` names, if it names one, and
 * integers to the bytes that it names; those in `remembered` stay, too, by {@link unroundedName}.
 * Takes ownership of `tensors`.
 */
export function narrowed<T extends Named>(
  gpu: Gpu,
  tensors: T,
  dtypeOf: (name: string) => DType | undefined,
  remembered: readonly string[] = [],
): T {
  using scope = new Scope();
  const narrow = ([name, tensor]: [string, Tensor | undefined]) => {
    const dtype = dtypeOf(name);
    const isWide =
      dtype &&
      ((tensor?.dtype === 'f32' && isHalf(dtype)) ||
        (tensor?.dtype === 'i32' && isInteger(dtype) && dtype !== 'i32'));
    if (!isWide) return [[name, tensor]];
    if (!remembered.includes(name)) return [[name, convert(gpu, scope.add(tensor), dtype)]];
    return [
      [name, convert(gpu, tensor, dtype)],
      [unroundedName(name), tensor],
    ];
  };
  return Object.fromEntries(Object.entries(tensors).flatMap(narrow)) as T;
}

/** Among outputs, what one that is stored in halves was before. */
const unroundedName = (name: string) => `${name}_f32`;

/**
 * The outputs as the kernels wrote them, for a backward pass: one that is stored in halves has lost
 * bits that a gradient may need, and is computed again when it is read, where it was not remembered.
 */
export function unrounded<T extends Tensors>(outputs: T, recompute: () => T): T {
  let again: T | undefined;
  const read = (name: string) => {
    const remembered = outputs[unroundedName(name)];
    if (remembered) return remembered;
    again ??= recompute();
    return again[name];
  };
  const properties = Object.entries(outputs).map(([name, tensor]): [string, PropertyDescriptor] => [
    name,
    isHalf(tensor.dtype)
      ? { get: () => read(name), enumerable: true }
      : { value: tensor, enumerable: true },
  ]);
  return Object.defineProperties({} as T, Object.fromEntries(properties));
}

/**
 * How the outputs of an op are stored: an output that has the name of an input is that input
 * changed, and keeps its type; others have the type that torch promotes the operands to, which is
 * the one of them all or, of different floats, float32. A sum of bytes is none.
 */
export function outputDtype(
  { inputs: rules, outputs }: Pick<Signature, 'inputs' | 'outputs'>,
  inputs: Named,
  { decides = operandsOf(rules, inputs), keeps = [] }: StorageRules<string>,
): (name: string) => DType | undefined {
  const present = decides.flatMap((name) => inputs[name] ?? []);
  const type = promoted(present.map(({ dtype }) => dtype));
  return (name) => {
    const dtype = keeps.includes(name) ? undefined : (inputs[name]?.dtype ?? type);
    const isOther = dtype && isInteger(dtype) && !ruleOf(outputs, name)?.native.includes(dtype);
    return isOther ? undefined : dtype;
  };
}

function operandsOf(rules: TensorRules<never>, inputs: Named): readonly string[] {
  const names = Object.keys(inputs);
  const operands = names.filter((name) => ruleOf(rules, name)?.operand);
  return operands.length > 0 ? operands : names;
}
