import { InvariantError } from '../../errors.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Signature } from '../../vocabulary/signature.ts';
import type { Launcher } from '../launcher.ts';
import { launchers } from '../registry.ts';

/** The launcher of a product of x and a weight's parts. */
type Product = Launcher<
  Signature<{
    readonly given: object;
    readonly params: object;
    readonly inputs: 'x';
    readonly optionalInputs: string;
    readonly outputs: 'y';
    readonly optionalOutputs: never;
    readonly saved: never;
    readonly optionalSaved: never;
    readonly gradients: string;
  }>
>;

/**
 * The op that its format binds to y = x W^T, with its parameters for a weight W [out, in]; inputs
 * are x and the weight's parts.
 */
export function productOf(weight: QuantizedWeight<Tensor>): { op: Product; params: object } {
  const { multiply } = weight.format.ops;
  const op = multiply && (launchers.get(multiply.op) as Product | undefined);
  if (!op) throw new InvariantError(`a weight in ${weight.format.name} has no product`);
  return { op, params: multiply.params(weight) };
}
