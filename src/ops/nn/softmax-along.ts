import { type Shader, spread, u32 } from '../../gpu/shader.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { axisOf } from '../math/axes.ts';
import { defineOp } from '../op.ts';

const WORKGROUP = 64;
/** Of forward, an element: two passes with an exponential each. */
const FLOPS = 30;

/** Parameters of softmax and its logarithm. */
export interface SoftmaxParams {
  /** Dimension whose elements are taken together; negative ones count from the last. Default -1. */
  readonly axis?: number;
}

/** What tells softmax from its logarithm; `backwardFlops` are those of an element. */
interface SoftmaxKernels {
  readonly name: string;
  readonly forward: Shader;
  readonly backward: Shader;
  readonly backwardFlops: number;
}

/** An op on rows along `axis`, one an invocation, whose gradient follows from y. x, y: f32 of any shape. Throws ShapeError when there is no such axis. */
export function defineSoftmax({ name, forward, backward, backwardFlops }: SoftmaxKernels) {
  const layoutOf = (shape: Shape, { axis = -1 }: SoftmaxParams) => {
    const at = axisOf(name, axis, shape);
    const [rows, classes, inner] = [sizeOf(shape.toSpliced(at, 1)), shape[at] as number, sizeOf(shape.slice(at + 1))];
    return { uniforms: [rows, classes, inner].map(u32), workgroups: spread(Math.ceil(rows / WORKGROUP)) };
  };
  return defineOp<'x', never, 'y', SoftmaxParams>({
    name,
    variants: { 'row-per-invocation': { kernels: [forward.file, backward.file], depth: (terms) => terms } },
    forward: (gpu, { x }, params) => {
      const layout = layoutOf(x.shape, params);
      const y = Tensor.empty(gpu, 'f32', x.shape);
      gpu.dispatch({ shader: forward, bindings: [x.binding, y.binding], ...layout, flops: FLOPS * x.size });
      return { y };
    },
    backward: (gpu, { inputs: { x }, outputs: { y }, grads, params, wants }): Readonly<Record<string, Tensor>> => {
      if (!wants.has('x')) return {};
      const layout = layoutOf(x.shape, params);
      const dx = Tensor.empty(gpu, 'f32', x.shape);
      const bindings = [y, grads.y as Tensor, dx].map((tensor) => tensor.binding);
      gpu.dispatch({ shader: backward, bindings, ...layout, flops: backwardFlops * x.size });
      return { x: dx };
    },
  });
}
