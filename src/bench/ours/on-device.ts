import type { Scope } from '../../gpu/scope.ts';
import type { Tensors } from '../../tensor/tensor.ts';

/** A call on the device. */
export interface OnDevice {
  /** Records it, and returns what it gives: gradients by `grad.<input>`. The caller frees them. */
  readonly record: () => Tensors;
  /** What is not among those, as a step leaves it in place. */
  readonly kept?: Tensors;
  readonly owned: Scope;
}

/** Begins the name of a gradient among what a call gives. */
export const GRADIENT = 'grad.';
