import type { Shape } from '../../tensor/shape.ts';
import { type ImageShape, imagesOf, outputSize, type Padding, type Pair, type Window } from './window.ts';

/** Parameters that both poolings have, as torch names them. */
export interface PoolingParams {
  readonly kernel: Pair;
  /** Default kernel. */
  readonly stride?: Pair | undefined;
  /** Rows and columns around x: top, left, bottom, right. Default none. */
  readonly padding?: Padding;
  /** Default [1, 1]. */
  readonly dilation?: Pair;
  /** Round the number of windows up, where the last starts inside of x or its leading padding. Default false. */
  readonly ceil_mode?: boolean;
}

/** Shapes of a pooling, and its window. */
export interface PoolingPlan {
  readonly x: ImageShape;
  readonly y: ImageShape;
  readonly window: Window;
}

/** Lays out a pooling of images of shape `x`. Throws ShapeError when the window does not fit. */
export function planPooling(op: string, x: Shape, params: PoolingParams): PoolingPlan {
  const { kernel, stride = kernel, padding = [0, 0, 0, 0], dilation = [1, 1], ceil_mode } = params;
  const images = imagesOf(op, x);
  const window = { kernel, stride, padding, dilation, ceil_mode };
  return { x: images, y: [images[0], images[1], ...outputSize(op, images, window)], window };
}
