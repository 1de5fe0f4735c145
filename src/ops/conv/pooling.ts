import type { Shape } from '../../tensor/shape.ts';
import type { Pooling } from '../../vocabulary/conv/pooling.ts';
import { type ImageShape, imagesOf, outputSize, type Window } from './window.ts';

/** Shapes of a pooling, and its window. */
export interface PoolingPlan {
  readonly x: ImageShape;
  readonly y: ImageShape;
  readonly window: Window;
}

/** Lays out a pooling of images of shape `x`. Throws ShapeError when the window does not fit. */
export function planPooling(op: string, x: Shape, params: Pooling): PoolingPlan {
  const { kernel, stride = kernel, padding, dilation, ceil_mode } = params;
  const images = imagesOf(op, x);
  const window = { kernel, stride, padding, dilation, ceil_mode };
  return { x: images, y: [images[0], images[1], ...outputSize(op, images, window)], window };
}
