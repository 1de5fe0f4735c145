import shader from '../../../shaders/math/gelu.wgsl';
import backwardShader from '../../../shaders/math/gelu_backward.wgsl';
import tanhShader from '../../../shaders/math/gelu_tanh.wgsl';
import tanhBackwardShader from '../../../shaders/math/gelu_tanh_backward.wgsl';
import { gelu as signature } from '../../vocabulary/math/gelu.ts';
import { launcher } from '../launcher.ts';
import { binary, unary } from './elementwise.ts';

/**
 * y = x * P(X <= x) of a standard normal X, as torch.nn.functional.gelu. x, y: f32 of any shape.
 */
export const gelu = launcher(signature, {
  variants: {
    vec4: {
      kernels: ['math/gelu', 'math/gelu_backward', 'math/gelu_tanh', 'math/gelu_tanh_backward'],
    },
  },
  forward: (gpu, { x }, { approximate }) => ({
    y: unary(gpu, approximate === 'tanh' ? tanhShader : shader, x),
  }),
  backward: (gpu, { inputs: { x }, grads, params: { approximate }, wants }) =>
    wants.has('x')
      ? {
          x: binary(gpu, approximate === 'tanh' ? tanhBackwardShader : backwardShader, x, grads.y),
        }
      : {},
});
