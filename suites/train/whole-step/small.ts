import type { Initial } from '../../../src/models/initial.ts';
import { hostTensorFrom, valuesOf } from '../../../src/tensor/host.ts';

/** Makes the variance of drawn numbers one of the order of torch's eps. */
export const SMALL = 3e-3;

/** The weights, with those of `names` times `factor`. */
export function scaledWeights(
  initial: Initial,
  factor: number,
  ...names: readonly string[]
): Initial {
  return initial.map(([name, value]) =>
    names.includes(name)
      ? [
          name,
          hostTensorFrom(
            'f32',
            value.shape,
            valuesOf(value).map((x) => factor * x),
          ),
        ]
      : [name, value],
  );
}
