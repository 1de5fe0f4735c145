import shader from '../../../shaders/math/gelu.wgsl';
import backwardShader from '../../../shaders/math/gelu_backward.wgsl';
import tanhShader from '../../../shaders/math/gelu_tanh.wgsl';
import tanhBackwardShader from '../../../shaders/math/gelu_tanh_backward.wgsl';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { binary, unary } from './elementwise.ts';

/** Parameters of {@link gelu}. */
export interface GeluParams {
  /** By the normal distribution itself, or by its approximation through tanh. Default none. */
  readonly approximate?: 'none' | 'tanh';
}

/** y = x * P(X <= x) of a standard normal X, as torch.nn.functional.gelu. x, y: f32 of any shape. */
export const gelu = defineOp<'x', never, 'y', GeluParams>({
  name: 'gelu',
  variants: {
    vec4: { kernels: ['math/gelu', 'math/gelu_backward', 'math/gelu_tanh', 'math/gelu_tanh_backward'], depth: () => 1 },
  },
  forward: (gpu, { x }, { approximate }) => ({ y: unary(gpu, approximate === 'tanh' ? tanhShader : shader, x) }),
  backward: (gpu, { inputs: { x }, grads, params: { approximate }, wants }): Readonly<Record<string, Tensor>> =>
    wants.has('x') ? { x: binary(gpu, approximate === 'tanh' ? tanhBackwardShader : backwardShader, x, grads.y as Tensor) } : {},
});
