import { linearGrid, type Shader, u32 } from '../../gpu/shader.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { SoftmaxAlong } from '../../vocabulary/nn/softmax-along.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { axisOf } from '../math/axes.ts';

/** What tells softmax from its logarithm. */
interface SoftmaxKernels {
  readonly forward: Shader;
  readonly backward: Shader;
}

/**
 * A launcher on rows along `axis`, one an invocation, whose gradient follows from y. x, y: f32 of
 * any shape. Throws ShapeError when there is no such axis.
 */
export function softmaxLauncher(
  signature: SoftmaxAlong,
  { forward, backward }: SoftmaxKernels,
): Launcher<SoftmaxAlong> {
  const layoutOf = (shape: Shape, axis: number) => {
    const at = axisOf(signature.name, axis, shape);
    const rows = sizeOf(shape.toSpliced(at, 1));
    const classes = shape[at] as number;
    const inner = sizeOf(shape.slice(at + 1));
    return {
      uniforms: [rows, classes, inner].map(u32),
      workgroups: linearGrid(rows),
    };
  };
  return launcher(signature, {
    variants: {
      'row-per-invocation': { kernels: [forward.file, backward.file], depth: (terms) => terms },
    },
    forward: (gpu, { x }, { axis }) => {
      const layout = layoutOf(x.shape, axis);
      const y = Tensor.empty(gpu, 'f32', x.shape);
      gpu.dispatch({
        shader: forward,
        bindings: [x.binding, y.binding],
        ...layout,
      });
      return { y };
    },
    backward: (gpu, { inputs: { x }, outputs: { y }, grads, params: { axis }, wants }) => {
      if (!wants.has('x')) return {};
      const layout = layoutOf(x.shape, axis);
      const dx = Tensor.empty(gpu, 'f32', x.shape);
      const bindings = [y, grads.y, dx].map((tensor) => tensor.binding);
      gpu.dispatch({ shader: backward, bindings, ...layout });
      return { x: dx };
    },
  });
}
