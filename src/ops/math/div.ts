import shader from '../../../shaders/math/div.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import roundedShader from '../../../shaders/math/rounded.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { div as signature } from '../../vocabulary/math/div.ts';
import { launcher } from '../launcher.ts';
import { binary, scaledGradient, unary } from './elementwise.ts';
import { chunkedDepth } from './reduction.ts';
import { sumToSize } from './sum.ts';

/**
 * y = a / b with broadcasting, as torch.div: da = dy / b, db = -dy * ((a / b) / b). With
 * `rounding_mode` the quotient is rounded to an integer, and the gradients are 0. a, b, y: f32.
 * Throws ShapeError when the shapes do not broadcast.
 */
export const div = launcher(signature, {
  variants: {
    vec4: {
      kernels: ['math/div', 'math/mul', 'math/rounded', 'math/reduce_sum'],
      depth: chunkedDepth,
    },
  },
  forward: (gpu, { a, b }, { rounding_mode }) => {
    if (rounding_mode === undefined) return { y: binary(gpu, shader, a, b) };
    using quotient = binary(gpu, shader, a, b);
    return { y: unary(gpu, roundedShader, quotient, [Number(rounding_mode === 'floor')]) };
  },
  backward: (gpu, { inputs: { a, b }, outputs: { y }, grads: { y: dy }, params, wants }) => {
    const isSmooth = params.rounding_mode === undefined;
    const byA = () =>
      isSmooth ? scaledGradient(shader, { gpu, a, b, y, dy }, b, a) : Tensor.zeros(gpu, a.shape);
    const byB = () => (isSmooth ? byDivisor(gpu, b, y, dy) : Tensor.zeros(gpu, b.shape));
    return { ...(wants.has('a') ? { a: byA() } : {}), ...(wants.has('b') ? { b: byB() } : {}) };
  },
});

function byDivisor(gpu: Gpu, b: Tensor, y: Tensor, dy: Tensor): Tensor {
  using slope = binary(gpu, shader, y, b);
  using all = binary(gpu, mulShader, dy, slope);
  return sumToSize(gpu, all, b.shape, b.shape, { scale: -1 });
}
