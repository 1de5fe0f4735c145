import { asOperands } from './promotion.ts';
import { type Known, numeric, stored } from './rules.ts';
import { broadcast } from './shapes.ts';
import type { Signature } from './signature.ts';

const meeting = ({ shape }: Known<object>) => broadcast(shape('a'), shape('b'));

/**
 * Tensors of a differentiable function of two numbers that broadcast, which of integers is an
 * integer.
 */
export const numericBinary = {
  inputs: { a: numeric<object>('[*a]'), b: numeric<object>('[*b]') },
  outputs: { y: stored(numeric<object>(meeting), asOperands) },
  gradients: ['a', 'b'],
} as const;

/** The signature of any differentiable function y of two tensors a and b. */
export type Binary<Given extends object = object, Params extends object = object> = Signature<{
  readonly given: Given;
  readonly params: Params;
  readonly inputs: 'a' | 'b';
  readonly optionalInputs: never;
  readonly outputs: 'y';
  readonly optionalOutputs: never;
  readonly saved: never;
  readonly optionalSaved: never;
  readonly gradients: 'a' | 'b';
}>;
