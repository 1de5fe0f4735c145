import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { conv2d } from '../../vocabulary/conv/conv2d.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { sumToSize } from '../math/sum.ts';
import { type ImageShape, imagesOf, outputSize, type Pair, type Window } from './window.ts';

/** A convolution that takes images x to images y. */
export interface Plan {
  readonly x: ImageShape;
  readonly y: ImageShape;
  readonly weight: ImageShape;
  readonly window: Window;
  readonly groups: number;
}

/** How it is to go. */
export type Settings = ParamsOf<typeof conv2d>;

/**
 * The convolution of x [N, C, H, W] with a weight [out, C / groups, kh, kw]. Throws ShapeError when
 * they do not fit.
 */
export function planOf(
  op: string,
  x: Shape,
  weight: Shape,
  { stride, padding, dilation, groups }: Settings,
): Plan {
  const images = imagesOf(op, x);
  const [out, inner, ...kernel] = weight as readonly [number, number, ...number[]];
  if (weight.length !== 4 || images[1] !== inner * groups || out % groups !== 0) {
    const shapes = `x ${formatShape(x)} and a weight ${formatShape(weight)}`;
    throw new ShapeError(
      `${op}: ${shapes} do not fit in ${groups} groups: the weight is [out, channels of x / groups, height, width]`,
    );
  }
  const window = { kernel: kernel as unknown as Pair, stride, padding, dilation };
  const y = [images[0], out, ...outputSize(op, images, window)] as const;
  return { x: images, y, weight: weight as unknown as ImageShape, window, groups };
}

/** Throws ShapeError when a bias is not one number for each of `channels`. */
export function requireBias(op: string, bias: Tensor | undefined, channels: number): void {
  if (bias && !sameShape(bias.shape, [channels]))
    throw new ShapeError(`${op}: bias is ${formatShape(bias.shape)} and should be ${channels}`);
}

/** Operands of a convolution, and where its result goes. */
export interface Convolution {
  readonly source: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
  readonly target: Tensor;
}

/** Gradient of the bias of images dy. The caller owns it. */
export function biasGradient(
  gpu: Gpu,
  dy: Tensor,
  [batch, channels, ...image]: ImageShape,
): Tensor {
  // Images first: there are more of them than channels, and each sum has an invocation.
  const images = dy.view([batch, channels, ...image]);
  using perImage = sumToSize(gpu, images, [batch, channels, 1, 1]);
  return sumToSize(gpu, perImage, [1, channels, 1, 1], [channels]);
}
