import shader from '../../../shaders/matmul/sum_to_size.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/**
 * Sums x (f32) over the dimensions along which `size` would be broadcast to it, as torch's Tensor.sum_to_size: the gradient of an
 * operand that was repeated. The result has shape `shape`, by default `size`. Throws ShapeError when `size` does not broadcast to x.
 */
export function sumToSize(gpu: Gpu, x: Tensor, size: Shape, shape: Shape = size): Tensor {
  const { kept, summed } = axesOf(x.shape, size);
  const y = Tensor.empty(gpu, 'f32', shape);
  const fields = [kept, summed].flatMap((axes) => [...padded(axes, 'size', 1), ...padded(axes, 'stride', 0)]);
  gpu.dispatch({
    shader,
    bindings: [x.binding, y.binding],
    uniforms: [...fields, y.size, x.size / y.size].map(u32),
    workgroups: spread(Math.ceil(y.size / 64)),
    flops: x.size,
  });
  return y;
}

/** Axes of x that stay and that are summed, neighbours of one kind merged. */
function axesOf(shape: Shape, size: Shape): { kept: Axis[]; summed: Axis[] } {
  const missing = shape.length - size.length;
  const kept: Axis[] = [];
  const summed: Axis[] = [];
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const [n, target] = [shape[d] as number, size[d - missing] ?? 1];
    if (missing < 0 || (target !== 1 && target !== n)) {
      throw new ShapeError(`sum_to_size: ${formatShape(size)} does not broadcast to ${formatShape(shape)}`);
    }
    const axes = target === 1 && n > 1 ? summed : kept;
    const inner = axes[0];
    if (inner && inner.stride * inner.size === stride) axes[0] = { size: inner.size * n, stride: inner.stride };
    else if (n > 1) axes.unshift({ size: n, stride });
    stride *= n;
  }
  if (kept.length > 4 || summed.length > 4) throw new ShapeError(`sum_to_size: ${formatShape(shape)} has too many dimensions to sum`);
  return { kept, summed };
}

function padded(axes: readonly Axis[], field: keyof Axis, filler: number): number[] {
  return [...Array<number>(4 - axes.length).fill(filler), ...axes.map((axis) => axis[field])];
}
