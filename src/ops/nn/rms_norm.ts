import shader from '../../../shaders/nn/rms_norm.wgsl';
import weightShader from '../../../shaders/nn/rms_norm_backward_weight.wgsl';
import inputShader from '../../../shaders/nn/rms_norm_backward_x.wgsl';
import { f32, spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';

/** Parameters of {@link rmsNorm}. */
export interface RmsNormParams {
  readonly eps: number;
  /** First normalised dimension; all from it to the last are normalised together. Default -1. */
  readonly axis?: number;
}

const WORKGROUP = 64;

/**
 * y = weight * x / sqrt(mean(x^2) + eps), as torch.nn.functional.rms_norm. x, y: f32 of any shape; weight: f32 x.shape[axis:].
 * `rstd` (one a row) is for the backward pass. Throws ShapeError when the weight does not have the normalised shape.
 */
export const rmsNorm = defineOp<'x' | 'weight', never, 'y' | 'rstd', RmsNormParams>({
  name: 'rms_norm',
  variants: {
    'row-per-invocation': {
      kernels: ['nn/rms_norm', 'nn/rms_norm_backward_x', 'nn/rms_norm_backward_weight'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { x, weight }, params) => {
    const [rows, width] = layoutOf(x.shape, weight.shape, params);
    const y = Tensor.empty(gpu, 'f32', x.shape);
    const rstd = Tensor.empty(gpu, 'f32', [rows]);
    gpu.dispatch({
      shader,
      bindings: [x, weight, y, rstd].map((tensor) => tensor.binding),
      uniforms: [u32(rows), u32(width), f32(params.eps)],
      workgroups: spread(Math.ceil(rows / WORKGROUP)),
      flops: 4 * x.size,
    });
    return { y, rstd };
  },
  backward: (gpu, { inputs: { x, weight }, outputs: { rstd }, grads, params, wants }) => {
    const [rows, width] = layoutOf(x.shape, weight.shape, params);
    const dy = grads.y as Tensor;
    const gradients: Record<string, Tensor> = {};
    if (wants.has('x')) {
      const dx = Tensor.empty(gpu, 'f32', x.shape);
      gpu.dispatch({
        shader: inputShader,
        bindings: [x, weight, rstd, dy, dx].map((tensor) => tensor.binding),
        uniforms: [u32(rows), u32(width)],
        workgroups: spread(Math.ceil(rows / WORKGROUP)),
        flops: 7 * x.size,
      });
      gradients['x'] = dx;
    }
    if (wants.has('weight')) {
      const dweight = Tensor.empty(gpu, 'f32', weight.shape);
      gpu.dispatch({
        shader: weightShader,
        bindings: [x, rstd, dy, dweight].map((tensor) => tensor.binding),
        uniforms: [u32(rows), u32(width)],
        workgroups: spread(Math.ceil(width / WORKGROUP)),
        flops: 3 * x.size,
      });
      gradients['weight'] = dweight;
    }
    return gradients;
  },
});

function layoutOf(x: Shape, weight: Shape, { axis = -1 }: RmsNormParams): [rows: number, width: number] {
  const normalised = x.slice(axis < 0 ? axis + x.length : axis);
  if (normalised.length === 0 || !sameShape(normalised, weight)) {
    throw new ShapeError(`rms_norm of ${formatShape(x)} from axis ${axis} on does not fit a weight of ${formatShape(weight)}`);
  }
  return [sizeOf(x) / sizeOf(weight), sizeOf(weight)];
}
