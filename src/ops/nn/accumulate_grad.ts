import shader from '../../../shaders/nn/accumulate_grad.wgsl';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { accumulateGrad as signature } from '../../vocabulary/nn/accumulate_grad.ts';
import { launcher } from '../launcher.ts';

/**
 * y = a + b: the gradient of a tensor that is used twice, as torch's AccumulateGrad. a, b, y: f32
 * of one shape, any. Throws ShapeError when the shapes differ.
 */
export const accumulateGrad = launcher(signature, {
  variants: { vec4: { kernels: ['nn/accumulate_grad'] } },
  forward: (gpu, { a, b }) => {
    if (!sameShape(a.shape, b.shape))
      throw new ShapeError(
        `accumulate_grad of ${formatShape(a.shape)} and ${formatShape(b.shape)} does not fit`,
      );
    const y = Tensor.empty(gpu, 'f32', a.shape);
    gpu.dispatch({
      shader,
      bindings: [a.binding, b.binding, y.binding],
      uniforms: [u32(y.size)],
      workgroups: gridOfFours(y.size),
      elementwise: { count: y.size },
    });
    return { y };
  },
});
