import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';

/** Height and width, or a setting for each. */
export type Pair = readonly [vertical: number, horizontal: number];

/** Rows above, columns to the left, rows below and columns to the right of an image. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

/** How a window slides over an image. */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
  /**
   * Round the number of steps up, where the last window starts inside of the image or its leading
   * padding. Default false.
   */
  readonly ceil_mode?: boolean | undefined;
}

/** Sizes of an image batch: [N, C, H, W]. */
export type ImageShape = readonly [batch: number, channels: number, height: number, width: number];

/**
 * The shape as that of an image batch, of one where it is an image alone. Throws ShapeError when it
 * has other dimensions.
 */
export function imagesOf(op: string, shape: Shape): ImageShape {
  if (shape.length !== 3 && shape.length !== 4)
    throw new ShapeError(
      `${op}: x is ${formatShape(shape)} and should be [N, C, H, W], or [C, H, W] for one image`,
    );
  return (shape.length === 3 ? [1, ...shape] : shape) as unknown as ImageShape;
}

/** The shape of images with a batch, or without where `x` has none. */
export function batchedAs(x: Shape, images: ImageShape): Shape {
  return x.length === 3 ? images.slice(1) : images;
}

/**
 * Height and width of what a window gives. Throws ShapeError when it does not fit, or is not made
 * of whole numbers.
 */
export function outputSize(
  op: string,
  [, , height, width]: ImageShape,
  { kernel, stride, padding, dilation, ceil_mode }: Window,
): Pair {
  const isWhole = (least: number) => (n: number) => Number.isInteger(n) && n >= least;
  if (![...kernel, ...stride, ...dilation].every(isWhole(1)) || !padding.every(isWhole(0))) {
    throw new ShapeError(
      `${op}: kernel, stride and dilation are whole numbers from 1 on, padding from 0 on`,
    );
  }
  const along = (size: number, d: 0 | 1): number => {
    const before = padding[d];
    const after = padding[d === 0 ? 2 : 3];
    const room = size + before + after - dilation[d] * (kernel[d] - 1) - 1;
    if (room < 0)
      throw new ShapeError(
        `${op}: a window of ${formatShape(kernel)} does not fit into ${height}x${width} with its padding`,
      );
    const steps = room / stride[d];
    if (!ceil_mode) return Math.floor(steps) + 1;
    return Math.ceil(steps) * stride[d] < size + before ? Math.ceil(steps) + 1 : Math.ceil(steps);
  };
  return [along(height, 0), along(width, 1)];
}
