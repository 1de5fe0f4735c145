import { GradproofError } from '../errors.ts';
import { type DType, isFloat, isInteger } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { promoted } from '../vocabulary/promotion.ts';
import { acceptedTypes, ruleOf, type Signature } from '../vocabulary/signature.ts';

/**
 * An input holds elements of a type that the op does not take: a kernel would read their bits as
 * something else.
 */
class ElementTypeError extends GradproofError {
  constructor(op: string, name: string, dtype: DType, taken: readonly DType[]) {
    super(
      'element-type',
      `${op}: ${name} is ${dtype}, and ${taken.join(', ')} can be taken: cast it first`,
    );
  }
}

type Given = Readonly<Record<string, Tensor | undefined>>;

/** Throws {@link ElementTypeError} unless every tensor is of a type in `taken`. */
export function checkTypes(op: string, given: Given, taken: readonly DType[]): void {
  for (const [name, tensor] of Object.entries(given)) {
    if (tensor && !taken.includes(tensor.dtype)) {
      throw new ElementTypeError(op, name, tensor.dtype, taken);
    }
  }
}

/**
 * Throws {@link ElementTypeError} unless every input is of a type that the signature takes, and
 * GradproofError `element-type` where no tensor has the type that torch gives its operands.
 */
export function checkInputs(signature: Signature, given: Given): void {
  const { name: op, inputs } = signature;
  for (const name of Object.keys(given)) {
    const tensor = given[name];
    const rule = tensor && ruleOf(inputs, name);
    if (rule && !rule.native.includes(tensor.dtype))
      checkTypes(op, { [name]: tensor }, acceptedTypes(rule));
  }
  if (!hasInteger(signature, given)) return;
  const types = operandsOf(signature, given).map(({ dtype }) => dtype);
  if (!promoted(types))
    throw new GradproofError(
      'element-type',
      `${op}: no tensor has the type that torch gives ${types.join(' with ')}: cast one first`,
    );
}

/**
 * The element type to which the operands of an op are brought, where one of them is an integer;
 * undefined where none is, or no tensor has that type.
 */
export function operandType(signature: Signature, given: Given): DType | undefined {
  if (!hasInteger(signature, given)) return undefined;
  const operands = operandsOf(signature, given);
  const type = promoted(operands.map(({ dtype }) => dtype));
  if (operands.some(({ kind }) => kind === 'floats')) return type && isFloat(type) ? type : 'f32';
  return type;
}

/** Whether an operand is an integer: of floats there is nothing to decide. */
function hasInteger({ inputs }: Signature, given: Given): boolean {
  for (const name of Object.keys(given)) {
    const tensor = given[name];
    if (tensor && isInteger(tensor.dtype) && ruleOf(inputs, name)?.operand) return true;
  }
  return false;
}

function operandsOf({ inputs }: Signature, given: Given) {
  return Object.entries(given).flatMap(([name, tensor]) => {
    const kind = ruleOf(inputs, name)?.operand;
    return tensor && kind ? [{ dtype: tensor.dtype, kind }] : [];
  });
}
