import { real } from './rules.ts';
import { broadcast } from './shapes.ts';
import type { Signature } from './signature.ts';

/** Tensors of a differentiable function of two operands that broadcast. */
export const binary = {
  inputs: { a: real<object>('[*a]'), b: real<object>('[*b]') },
  outputs: { y: real<object>(({ shape }) => broadcast(shape('a'), shape('b'))) },
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
