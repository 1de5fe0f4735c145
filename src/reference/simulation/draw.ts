import { filledTensor, type HostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';

/**
 * How elements are drawn: normally distributed, or all positive, so that rounding in one direction
 * adds up.
 */
export type Elements = 'normal' | 'positive';

/** A float32 tensor of random elements. */
export function drawTensor(
  random: Random,
  shape: Shape,
  elements: Elements = 'normal',
): HostTensor {
  const draw = elements === 'normal' ? () => random.normal() : () => random.uniform(0.5);
  return filledTensor('f32', shape, draw);
}
