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

/** Throws {@link ElementTypeError} unless every input is of a type that the signature takes. */
export function checkInputs({ name: op, inputs }: Signature, given: Given): void {
  for (const [name, tensor] of Object.entries(given)) {
    const rule = ruleOf(inputs, name);
    if (rule) checkTypes(op, { [name]: tensor }, acceptedTypes(rule));
  }
}

/**
 * The element type to which the operands of an op are brought, where one of them is an integer;
 * undefined where none is. Throws GradproofError `element-type` where tensors have none.
 */
export function operandType({ name: op, inputs }: Signature, given: Given): DType | undefined {
  const operands = Object.entries(given).flatMap(([name, tensor]) => {
    const kind = ruleOf(inputs, name)?.operand;
    return tensor && kind ? [{ dtype: tensor.dtype, kind }] : [];
  });
  if (!operands.some(({ dtype }) => isInteger(dtype))) return undefined;
  const types = operands.map(({ dtype }) => dtype);
  const type = promoted(types);
  if (operands.some(({ kind }) => kind === 'floats')) return type && isFloat(type) ? type : 'f32';
  if (!type)
    throw new GradproofError(
      'element-type',
      `${op}: no tensor has the type that torch gives ${types.join(' with ')}: cast one first`,
    );
  return type;
}
