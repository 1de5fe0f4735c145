import { float, none } from '../rules.ts';
import { signature } from '../signature.ts';
import { images } from './image.ts';

/** The mean of each image. */
export const globalAvgPool2d = signature({ family: 'conv', name: 'global_avg_pool2d' }, none, {
  inputs: { x: images() },
  outputs: { y: float(({ shape }) => [...shape('x').slice(0, -2), 1, 1]) },
  gradients: ['x'],
});
