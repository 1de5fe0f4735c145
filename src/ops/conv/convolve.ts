import type { Gpu } from '../../gpu/gpu.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { withKernels } from '../variants.ts';
import type { Convolution, Plan } from './convolution.ts';
import {
  convolveDepthwise,
  DEPTHWISE_KERNELS,
  isDepthwise,
  weightGradientDepthwise,
} from './depthwise.ts';
import { convolveByProduct, weightGradientByProduct } from './window-product.ts';

/** The kernels of every convolution. */
export const CONVOLUTION = withKernels(PRODUCT_VARIANTS, [...DEPTHWISE_KERNELS, 'math/reduce_sum']);

/**
 * target = the convolution of source, or the transposed one, which takes a gradient of y to that of
 * x.
 */
export function convolve(
  gpu: Gpu,
  convolution: Convolution,
  plan: Plan,
  transposed: boolean,
  variant: string,
): void {
  if (isDepthwise(plan)) convolveDepthwise(gpu, convolution, plan, transposed);
  else convolveByProduct(gpu, convolution, plan, transposed, variant);
}

/** Gradient of the weight, as a tensor of `shape`. The caller owns it. */
export function weightGradient(
  gpu: Gpu,
  x: Tensor,
  dy: Tensor,
  plan: Plan,
  variant: string,
  shape: Shape = plan.weight,
): Tensor {
  return isDepthwise(plan)
    ? weightGradientDepthwise(gpu, x, dy, plan, shape)
    : weightGradientByProduct(gpu, x, dy, plan, variant, shape);
}
