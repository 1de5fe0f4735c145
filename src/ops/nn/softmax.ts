import shader from '../../../shaders/nn/softmax.wgsl';
import backwardShader from '../../../shaders/nn/softmax_backward.wgsl';
import { spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';

/** Parameters of {@link softmax}. */
export interface SoftmaxParams {
  /** Dimension whose elements sum to 1; negative ones count from the last. Default -1. */
  readonly axis?: number;
}

const WORKGROUP = 64;

/** y = softmax(x) along `axis`, as torch.softmax. x, y: f32 of any shape. Throws ShapeError when there is no such axis. */
export const softmax = defineOp<'x', never, 'y', SoftmaxParams>({
  name: 'softmax',
  variants: { 'row-per-invocation': { kernels: ['nn/softmax', 'nn/softmax_backward'], depth: (terms) => terms } },
  forward: (gpu, { x }, params) => {
    const { rows, classes, inner } = layoutOf(x.shape, params);
    const y = Tensor.empty(gpu, 'f32', x.shape);
    gpu.dispatch({
      shader,
      bindings: [x.binding, y.binding],
      uniforms: [rows, classes, inner].map(u32),
      workgroups: spread(Math.ceil(rows / WORKGROUP)),
      flops: 30 * x.size,
    });
    return { y };
  },
  backward: (gpu, { inputs: { x }, outputs: { y }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { rows, classes, inner } = layoutOf(x.shape, params);
    const dx = Tensor.empty(gpu, 'f32', x.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [y.binding, (grads.y as Tensor).binding, dx.binding],
      uniforms: [rows, classes, inner].map(u32),
      workgroups: spread(Math.ceil(rows / WORKGROUP)),
      flops: 4 * x.size,
    });
    return { x: dx };
  },
});

function layoutOf(shape: Shape, { axis = -1 }: SoftmaxParams): { readonly rows: number; readonly classes: number; readonly inner: number } {
  const at = axis < 0 ? axis + shape.length : axis;
  const classes = shape[at];
  if (classes === undefined) throw new ShapeError(`softmax: a tensor of ${formatShape(shape)} has no axis ${axis}`);
  return { rows: sizeOf(shape) / classes, classes, inner: sizeOf(shape.slice(at + 1)) };
}
