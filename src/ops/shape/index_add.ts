import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { indexAdd as signature } from '../../vocabulary/shape/index_add.ts';
import { launcher } from '../launcher.ts';
import { axisOf } from '../math/axes.ts';
import { type Along, addAlong, requireRows, takenAlong } from './along.ts';
import { expanded } from './copy.ts';

/**
 * y = x with slices of source, times alpha, added at `index` along `dim`, as torch.index_add: the
 * terms of an element in ascending order, the same bits every time. x, source: f32, or integers,
 * which wrap; index: i32 [slices]; source: of x's shape with `slices` along `dim`. Indices beyond the ends, which torch refuses,
 * mean the nearest slice. Throws ShapeError.
 */
export const indexAdd = launcher(signature, {
  variants: {
    rows: {
      kernels: ['shape/copy', 'shape/add_along', 'shape/take_along'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { x, index, source }, { dim, alpha }) => {
    const along = slicesAlong(x.shape, index, dim);
    if (index.shape.length !== 1 || !sameShape(source.shape, x.shape.with(along.dim, index.size))) {
      throw new ShapeError(
        `index_add: source ${formatShape(source.shape)} and index ${formatShape(index.shape)} do not fit ${formatShape(x.shape)} along dim ${dim}`,
      );
    }
    const y = expanded(gpu, x, x.shape);
    addAlong(gpu, y, along, source, source.shape, alpha);
    return { y };
  },
  backward: (gpu, { inputs: { x, index, source }, grads, params: { dim, alpha }, wants }) => ({
    ...(wants.has('x') ? { x: expanded(gpu, grads.y, x.shape) } : {}),
    ...(wants.has('source')
      ? {
          source: takenAlong(gpu, grads.y, slicesAlong(x.shape, index, dim), source.shape, {
            scale: alpha,
          }),
        }
      : {}),
  }),
});

/** One index for all that lies at a place of the dimension. */
function slicesAlong(x: Shape, index: Tensor, given: number): Along {
  const dim = axisOf('index_add', given, x);
  requireRows('index_add', x, dim, index);
  return {
    what: 'index_add',
    dim,
    indices: index,
    indexStrides: x.map((_, d) => Number(d === dim)),
  };
}
