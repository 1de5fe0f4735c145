import { float, none } from '../rules.ts';
import { signature } from '../signature.ts';

/** The mean of each image. */
export const globalAvgPool2d = signature({ family: 'conv', name: 'global_avg_pool2d' }, none, {
  inputs: { x: float('[n, c, h, w]') },
  outputs: { y: float('[n, c, 1, 1]') },
  gradients: ['x'],
});
