import shader from '../../../shaders/nn/silu.wgsl';
import backwardShader from '../../../shaders/nn/silu_backward.wgsl';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { silu as signature } from '../../vocabulary/nn/silu.ts';
import { launcher } from '../launcher.ts';

/** y = x * sigmoid(x), as torch.nn.functional.silu. x, y: f32 of any shape. */
export const silu = launcher(signature, {
  variants: { vec4: { kernels: ['nn/silu', 'nn/silu_backward'] } },
  forward: (gpu, { x }) => {
    const y = Tensor.empty(gpu, 'f32', x.shape);
    gpu.dispatch({
      shader,
      bindings: [x.binding, y.binding],
      uniforms: [u32(x.size)],
      workgroups: gridOfFours(x.size),
      elementwise: { count: x.size },
    });
    return { y };
  },
  backward: (gpu, { inputs: { x }, grads, wants }) => {
    if (!wants.has('x')) return {};
    const dx = Tensor.empty(gpu, 'f32', x.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [x.binding, grads.y.binding, dx.binding],
      uniforms: [u32(x.size)],
      workgroups: gridOfFours(x.size),
      elementwise: { count: x.size },
    });
    return { x: dx };
  },
});
