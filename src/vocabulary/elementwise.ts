import { asOperands, asX } from './promotion.ts';
import { float, numeric, stored } from './rules.ts';
import type { Signature } from './signature.ts';

/** Tensors of a differentiable function of each element. */
export const elementwise = {
  inputs: { x: float<object>('[*x]') },
  outputs: { y: stored(float<object>('[*x]'), asX) },
  gradients: ['x'],
} as const;

/** The same where the function of integers is an integer. */
export const numericElementwise = {
  inputs: { x: numeric<object>('[*x]') },
  outputs: { y: stored(numeric<object>('[*x]'), asOperands) },
  gradients: ['x'],
} as const;

/** The signature of any differentiable function y of one tensor x. */
export type Unary<Given extends object = object, Params extends object = object> = Signature<{
  readonly given: Given;
  readonly params: Params;
  readonly inputs: 'x';
  readonly optionalInputs: never;
  readonly outputs: 'y';
  readonly optionalOutputs: never;
  readonly saved: never;
  readonly optionalSaved: never;
  readonly gradients: 'x';
}>;
