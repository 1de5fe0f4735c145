import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { axisOf, denseStrides } from '../math/axes.ts';
import { defineOp } from '../op.ts';
import { copy, demandCopyable } from './copy.ts';

/** Parameters of {@link concat}. */
export interface ConcatParams {
  /** Dimension along which the parts follow each other; negative ones count from the last. */
  readonly axis: number;
}

type Part = `x${number}`;

/**
 * y = x0, x1, ... one after the other along `axis`, as ONNX's Concat and torch.cat. All f32 or all i32. Throws ShapeError when they differ
 * in another dimension.
 */
export const concat = defineOp<'x0', Part, 'y', ConcatParams>({
  name: 'concat',
  takes: ['f32', 'f16', 'bf16', 'i32'],
  variants: { copy: { kernels: ['shape/copy'], depth: () => 1 } },
  forward: (gpu, inputs, params) => {
    const { axis, parts, shape } = layoutOf(inputs, params);
    for (const { tensor } of parts) demandCopyable('concat', tensor);
    const y = Tensor.empty(gpu, inputs.x0.dtype, shape);
    const strides = denseStrides(shape);
    for (const { tensor, first } of parts) {
      const start = first * (strides[axis] as number);
      copy(gpu, tensor.shape, { tensor, strides: denseStrides(tensor.shape) }, { tensor: y, strides, start });
    }
    return { y };
  },
  backward: (gpu, { inputs, grads, params, wants }) => {
    const { axis, parts, shape } = layoutOf(inputs, params);
    const dy = grads.y as Tensor;
    const strides = denseStrides(shape);
    return Object.fromEntries(
      parts
        .filter(({ name }) => wants.has(name))
        .map(({ name, tensor, first }) => {
          const dx = Tensor.empty(gpu, dy.dtype, tensor.shape);
          const start = first * (strides[axis] as number);
          copy(gpu, dx.shape, { tensor: dy, strides, start }, { tensor: dx, strides: denseStrides(dx.shape) });
          return [name, dx];
        }),
    );
  },
});

interface Layout {
  readonly axis: number;
  /** Shape of y. */
  readonly shape: Shape;
  /** The parts with the place of each along the axis. */
  readonly parts: readonly { readonly name: string; readonly tensor: Tensor; readonly first: number }[];
}

function layoutOf(inputs: { readonly x0: Tensor } & { readonly [K in Part]?: Tensor | undefined }, params: ConcatParams): Layout {
  const { shape } = inputs.x0;
  const axis = axisOf('concat', params.axis, shape);
  const parts: { name: string; tensor: Tensor; first: number }[] = [];
  let first = 0;
  for (let i = 0; ; i++) {
    const tensor = inputs[`x${i}`];
    if (!tensor) return { axis, parts, shape: shape.with(axis, first) };
    if (formatShape(tensor.shape) !== formatShape(shape.with(axis, tensor.shape[axis] ?? 0)) || tensor.dtype !== inputs.x0.dtype) {
      throw new ShapeError(`concat: x${i} of ${formatShape(tensor.shape)} does not continue ${formatShape(shape)} along axis ${axis}`);
    }
    parts.push({ name: `x${i}`, tensor, first });
    first += tensor.shape[axis] as number;
  }
}
