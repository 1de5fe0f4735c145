import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { scatterAdd as signature } from '../../vocabulary/shape/scatter_add.ts';
import { launcher } from '../launcher.ts';
import { denseStrides } from '../math/axes.ts';
import { addAlong, indicesAlong, takenAlong } from './along.ts';
import { copy, expanded } from './copy.ts';
import { filled } from './fill.ts';

/**
 * y = x with src added at `indices` along `dim`, as torch.Tensor.scatter_add: the terms of an
 * element in ascending order, the same bits every time. x, src: f32, or integers, which wrap;
 * indices: i32 of x's rank and in no other dimension larger; src: in no dimension smaller than they
 * are. Indices beyond the ends, which torch refuses, mean the nearest element. Throws ShapeError.
 */
export const scatterAdd = launcher(signature, {
  variants: {
    rows: {
      kernels: ['shape/copy', 'shape/add_along', 'shape/take_along', 'shape/fill'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { x, indices, src }, { dim }) => {
    const along = indicesAlong('scatter_add', x.shape, indices, dim);
    const { shape } = indices;
    if (src.shape.length !== shape.length || shape.some((n, d) => n > (src.shape[d] as number))) {
      throw new ShapeError(
        `scatter_add: src ${formatShape(src.shape)} has no element for each of the indices ${formatShape(shape)}`,
      );
    }
    const y = expanded(gpu, x, x.shape);
    addAlong(gpu, y, along, src, shape);
    return { y };
  },
  backward: (gpu, { inputs: { x, indices, src }, grads, params: { dim }, wants }) => ({
    ...(wants.has('x') ? { x: expanded(gpu, grads.y, x.shape) } : {}),
    ...(wants.has('src') ? { src: gradientOfSrc(gpu, grads.y, indices, src, dim) } : {}),
  }),
});

/** dy at the indices, and 0 for what lies beyond them. */
function gradientOfSrc(
  gpu: Gpu,
  dy: Tensor,
  indices: Tensor,
  { shape }: Tensor,
  dim: number,
): Tensor {
  const along = indicesAlong('scatter_add', dy.shape, indices, dim);
  if (sameShape(shape, indices.shape)) return takenAlong(gpu, dy, along, shape);
  using taken = takenAlong(gpu, dy, along, indices.shape);
  const gradient = filled(gpu, 'f32', shape, 0);
  copy(
    gpu,
    indices.shape,
    { tensor: taken, strides: denseStrides(indices.shape) },
    { tensor: gradient, strides: denseStrides(shape) },
  );
  return gradient;
}
