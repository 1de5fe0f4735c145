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
  for (const [name, tensor] of Object.entries(given)) {
    const rule = ruleOf(inputs, name);
    if (rule) checkTypes(op, { [name]: tensor }, acceptedTypes(rule));
  }
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
  const operands = operandsOf(signature, given);
  if (!operands.some(({ dtype }) => isInteger(dtype))) return undefined;
  const type = promoted(operands.map(({ dtype }) => dtype));
  if (operands.some(({ kind }) => kind === 'floats')) return type && isFloat(type) ? type : 'f32';
  return type;
}

function operandsOf({ inputs }: Signature, given: Given) {
  return Object.entries(given).flatMap(([name, tensor]) => {
    const kind = ruleOf(inputs, name)?.operand;
    return tensor && kind ? [{ dtype: tensor.dtype, kind }] : [];
  });
}
