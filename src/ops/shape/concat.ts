import { computedAs, type DType } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { concat as signature } from '../../vocabulary/shape/concat.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { axisOf, denseStrides } from '../math/axes.ts';
import { copy, requireCopyable } from './copy.ts';

/**
 * y = x0, x1, ... one after the other along `axis`, as ONNX's Concat and torch.cat, which bring f32
 * and integers to one type. Throws ShapeError when they differ in another dimension.
 */
export const concat = launcher(signature, {
  variants: { copy: { kernels: ['shape/copy'] } },
  forward: (gpu, inputs, params) => {
    const { axis, parts, dtype, shape } = layoutOf(inputs, params);
    for (const { tensor } of parts) requireCopyable('concat', tensor);
    const y = Tensor.empty(gpu, dtype, shape);
    const strides = denseStrides(shape);
    for (const { tensor, first } of parts) {
      const start = first * (strides[axis] as number);
      copy(
        gpu,
        tensor.shape,
        { tensor, strides: denseStrides(tensor.shape) },
        { tensor: y, strides, start },
      );
    }
    return { y };
  },
  backward: (gpu, { inputs, grads, params, wants }) => {
    const { axis, parts, shape } = layoutOf(inputs, params);
    const dy = grads.y;
    const strides = denseStrides(shape);
    return Object.fromEntries(
      parts
        .filter(({ name }) => wants.has(name))
        .map(({ name, tensor, first }) => {
          const dx = Tensor.empty(gpu, computedAs(dy.dtype), tensor.shape);
          const start = first * (strides[axis] as number);
          copy(
            gpu,
            dx.shape,
            { tensor: dy, strides, start },
            { tensor: dx, strides: denseStrides(dx.shape) },
          );
          return [name, dx];
        }),
    );
  },
});

interface Layout {
  readonly axis: number;
  readonly dtype: DType;
  /** Shape of y. */
  readonly shape: Shape;
  /** The parts with the place of each along the axis. */
  readonly parts: readonly {
    readonly name: string;
    readonly tensor: Tensor;
    readonly first: number;
  }[];
}

function layoutOf(
  inputs: InputsOf<typeof signature, Tensor>,
  params: ParamsOf<typeof signature>,
): Layout {
  const { x0 } = inputs;
  if (!x0) throw new ShapeError('concat: there is no x0, and nothing to put together');
  const { shape } = x0;
  const dtype = computedAs(x0.dtype);
  const axis = axisOf('concat', params.axis, shape);
  const parts: { name: string; tensor: Tensor; first: number }[] = [];
  let first = 0;
  for (let i = 0; ; i++) {
    const tensor = inputs[`x${i}`];
    if (!tensor) return { axis, parts, dtype, shape: shape.with(axis, first) };
    if (formatShape(tensor.shape) !== formatShape(shape.with(axis, tensor.shape[axis] as number)))
      throw new ShapeError(
        `concat: x${i} of ${formatShape(tensor.shape)} does not continue ${formatShape(shape)} along axis ${axis}`,
      );
    parts.push({ name: `x${i}`, tensor, first });
    first += tensor.shape[axis] as number;
  }
}
