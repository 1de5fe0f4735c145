import { GradproofError } from '../errors.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** An input holds elements of a type that the op does not take: a kernel would read their bits as something else. */
class ElementTypeError extends GradproofError {
  constructor(op: string, name: string, dtype: DType, taken: readonly DType[]) {
    super('element-type', `${op}: ${name} is ${dtype}, and ${taken.join(', ')} can be taken: cast it first`);
  }
}

/** Element types by the names of the inputs that do not hold floats, or those of every input. */
export type Takes<In extends string> = { readonly [K in In]?: readonly DType[] } | readonly DType[];

const FLOATS: readonly DType[] = ['f32', 'f16', 'bf16'];

/** Throws {@link ElementTypeError} unless every input is of a type in `takes`: what it does not name holds floats. */
export function checkTypes(op: string, inputs: Readonly<Record<string, Tensor | undefined>>, takes: Takes<string>): void {
  for (const [name, tensor] of Object.entries(inputs)) {
    const taken = isList(takes) ? takes : (takes[name] ?? FLOATS);
    if (tensor && !taken.includes(tensor.dtype)) throw new ElementTypeError(op, name, tensor.dtype, taken);
  }
}

function isList(takes: Takes<string>): takes is readonly DType[] {
  return Array.isArray(takes);
}
