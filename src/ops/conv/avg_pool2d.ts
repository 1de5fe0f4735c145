import shader from '../../../shaders/conv/avg_pool2d.wgsl';
import backwardShader from '../../../shaders/conv/avg_pool2d_backward.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { avgPool2d as signature } from '../../vocabulary/conv/avg_pool2d.ts';
import { globalAvgPool2d as globalSignature } from '../../vocabulary/conv/global_avg_pool2d.ts';
import { completed, type ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import type { Variant } from '../variants.ts';
import { type PoolingPlan, planPooling } from './pooling.ts';
import { batchedAs } from './window.ts';

/** How averages are taken: one invocation a window, or an element of x on the way back. */
const AVERAGE_VARIANTS: Readonly<Record<string, Variant>> = {
  gather: { kernels: ['conv/avg_pool2d', 'conv/avg_pool2d_backward'], depth: (terms) => terms },
};

/**
 * torch.nn.functional.avg_pool2d, with padding that may differ on the four sides, and dilation.
 * Float32. x: [N, C, H, W]; y: [N, C, H', W']; or both without N. Throws ShapeError when the window
 * does not fit.
 */
export const avgPool2d = launcher(signature, {
  variants: AVERAGE_VARIANTS,
  forward: (gpu, { x }, params) => {
    const plan = planPooling('avg_pool2d', x.shape, params);
    const y = Tensor.empty(gpu, 'f32', batchedAs(x.shape, plan.y));
    average(gpu, x, y, plan, counted(params), false);
    return { y };
  },
  backward: (gpu, { inputs: { x }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const plan = planPooling('avg_pool2d', x.shape, params);
    const dx = Tensor.empty(gpu, 'f32', x.shape);
    average(gpu, grads.y, dx, plan, counted(params), true);
    return { x: dx };
  },
});

/**
 * torch.nn.functional.adaptive_avg_pool2d to one element: the mean of each image. Float32. x: [N,
 * C, H, W]; y: [N, C, 1, 1]; or both without N.
 */
export const globalAvgPool2d = launcher(globalSignature, {
  variants: AVERAGE_VARIANTS,
  forward: (gpu, { x }) => {
    const plan = planGlobal(x);
    const y = Tensor.empty(gpu, 'f32', batchedAs(x.shape, plan.y));
    average(gpu, x, y, plan, NOTHING, false);
    return { y };
  },
  backward: (gpu, { inputs: { x }, grads, wants }) => {
    if (!wants.has('x')) return {};
    const dx = Tensor.empty(gpu, 'f32', x.shape);
    average(gpu, grads.y, dx, planGlobal(x), NOTHING, true);
    return { x: dx };
  },
});

/** One window as large as the image. */
function planGlobal({ shape }: Tensor): PoolingPlan {
  const params = completed(signature, {
    kernel: shape.slice(-2) as unknown as [number, number],
  });
  return planPooling('global_avg_pool2d', shape, params);
}

type Padding = ParamsOf<typeof signature>['padding'];

const NOTHING: Padding = [0, 0, 0, 0];

/** Padding that counts as elements of a window. */
const counted = ({ padding, count_include_pad }: ParamsOf<typeof signature>): Padding =>
  count_include_pad ? padding : NOTHING;

/** Means of x, or, transposed, the gradient of x from the one of the means. */
function average(
  gpu: Gpu,
  source: Tensor,
  target: Tensor,
  { x, y, window }: PoolingPlan,
  [top, left, bottom, right]: Padding,
  transposed: boolean,
): void {
  const { kernel, stride, padding, dilation } = window;
  gpu.dispatch({
    shader: transposed ? backwardShader : shader,
    bindings: [source.binding, target.binding],
    uniforms: [
      ...[x[2], x[3], y[2], y[3], ...kernel, ...stride, padding[0], padding[1], ...dilation],
      ...[-top, -left, x[2] + bottom, x[3] + right, target.size],
    ].map(u32),
    workgroups: linearGrid(target.size),
  });
}
