import shader from '../../../shaders/conv/max_pool2d.wgsl';
import backwardShader from '../../../shaders/conv/max_pool2d_backward.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { maxPool2d as signature } from '../../vocabulary/conv/max_pool2d.ts';
import { launcher } from '../launcher.ts';
import { planPooling } from './pooling.ts';
import { batchedAs } from './window.ts';

/**
 * torch.nn.functional.max_pool2d. Float32. x: [N, C, H, W]; y: [N, C, H', W']; or both without N. What surrounds x
 * does not count; a window that meets nothing gives the smallest float32. `indices` (i32, where the
 * first maximum lies in its image, row by row) is for the backward pass: the gradient flows there
 * alone. Throws ShapeError when the window does not fit.
 */
export const maxPool2d = launcher(signature, {
  variants: {
    gather: { kernels: ['conv/max_pool2d', 'conv/max_pool2d_backward'], depth: (terms) => terms },
  },
  forward: (gpu, { x }, params) => {
    const { x: from, y: to, window } = planPooling('max_pool2d', x.shape, params);
    const { kernel, stride, padding, dilation } = window;
    const shape = batchedAs(x.shape, to);
    const y = Tensor.empty(gpu, 'f32', shape);
    const indices = Tensor.empty(gpu, 'i32', shape);
    gpu.dispatch({
      shader,
      bindings: [x, y, indices].map((tensor) => tensor.binding),
      uniforms: [
        from[2],
        from[3],
        to[2],
        to[3],
        ...kernel,
        ...stride,
        padding[0],
        padding[1],
        ...dilation,
        y.size,
      ].map(u32),
      workgroups: linearGrid(y.size),
    });
    return { y, indices };
  },
  backward: (gpu, { inputs: { x }, outputs: { indices }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { x: from, y: to, window } = planPooling('max_pool2d', x.shape, params);
    const { kernel, stride, padding, dilation } = window;
    const reach = [(kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1]];
    const dx = Tensor.empty(gpu, 'f32', x.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [grads.y, indices, dx].map((tensor) => tensor.binding),
      uniforms: [
        from[2],
        from[3],
        to[2],
        to[3],
        ...reach,
        ...stride,
        padding[0],
        padding[1],
        dx.size,
      ].map(u32),
      workgroups: linearGrid(dx.size),
    });
    return { x: dx };
  },
});
