import shader from '../../../shaders/math/div.wgsl';
import integerShader from '../../../shaders/math/integer_div.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import roundedShader from '../../../shaders/math/rounded.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { div as signature } from '../../vocabulary/math/div.ts';
import { launcher } from '../launcher.ts';
import { convert } from './convert.ts';
import { binary, scaledGradient, unary } from './elementwise.ts';
import { chunkedDepth } from './reduction.ts';
import { sumToSize } from './sum.ts';

/**
 * y = a / b with broadcasting, as torch.div: da = dy / b, db = -dy * ((a / b) / b). With
 * `rounding_mode` the quotient is rounded to an integer, and the gradients are 0. a, b, y: f32; of
 * integers a rounded quotient is one of them, where a divisor of 0, which torch refuses, gives a.
 * Throws ShapeError when the shapes do not broadcast.
 */
export const div = launcher(signature, {
  variants: {
    vec4: {
      kernels: [
        'math/div',
        'math/integer_div',
        'math/mul',
        'math/rounded',
        'math/reduce_sum',
        'math/cast',
      ],
      depth: chunkedDepth,
    },
  },
  forward: (gpu, { a, b }, { rounding_mode }) => {
    const isFloor = Number(rounding_mode === 'floor');
    if (rounding_mode === undefined) return { y: quotient(gpu, a, b) };
    if (a.dtype === 'i32') return { y: binary(gpu, integerShader, a, b, [isFloor]) };
    using unrounded = quotient(gpu, a, b);
    return { y: unary(gpu, roundedShader, unrounded, [isFloor]) };
  },
  backward: (gpu, { inputs: { a, b }, outputs, grads: { y: dy }, params, wants }) => {
    const isSmooth = params.rounding_mode === undefined;
    const byA = () =>
      isSmooth ? scaledGradient(shader, { gpu, dy }, b, a) : Tensor.zeros(gpu, a.shape);
    const byB = () => (isSmooth ? byDivisor(gpu, b, outputs.y, dy) : Tensor.zeros(gpu, b.shape));
    return { ...(wants.has('a') ? { a: byA() } : {}), ...(wants.has('b') ? { b: byB() } : {}) };
  },
});

/** a / b in floats. */
function quotient(gpu: Gpu, a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== 'i32') return binary(gpu, shader, a, b);
  using dividend = convert(gpu, a, 'f32');
  using divisor = convert(gpu, b, 'f32');
  return binary(gpu, shader, dividend, divisor);
}

function byDivisor(gpu: Gpu, b: Tensor, y: Tensor, dy: Tensor): Tensor {
  using slope = binary(gpu, shader, y, b);
  using all = binary(gpu, mulShader, dy, slope);
  return sumToSize(gpu, all, b.shape, b.shape, { scale: -1 });
}
