import { type HostTensors, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import type { Sample, Values } from './record.ts';

/**
 * Inputs of a sample, and the gradients of the outputs where it has them, as the derived cases draw
 * them from `seed`.
 */
export interface DrawnSample {
  readonly inputs: Values;
  readonly grads: Values | undefined;
}

/** Draws a sample without a GPU. */
export function drawSample(sample: Sample<object>, seed = 0): DrawnSample {
  const random = new Random(seed);
  const inputs = asValues(sample.inputs(random));
  return { inputs, grads: sample.grads && asValues(sample.grads(random)) };
}

function asValues(tensors: HostTensors): Values {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      { shape: tensor.shape, dtype: tensor.dtype, data: valuesOf(tensor) },
    ]),
  );
}
