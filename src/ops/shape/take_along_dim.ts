import { sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { takeAlongDim as signature, takenShape } from '../../vocabulary/shape/take_along_dim.ts';
import { launcher } from '../launcher.ts';
import { sumToSize } from '../math/sum.ts';
import { addAlong, indicesAlong, takenAlong } from './along.ts';
import { filled } from './fill.ts';

/**
 * y = x at `indices` along `dim`, element by element: torch.take_along_dim, whose operands repeat in
 * other dimensions where their size is 1, and torch.gather, whose indices may leave out the last
 * there. x: f32 or integers; indices: i32 of x's rank. Those beyond the ends, which torch refuses,
 * read the nearest element. The gradient sums the terms of an element in a fixed order. Throws
 * ShapeError.
 */
export const takeAlongDim = launcher(signature, {
  variants: {
    rows: {
      kernels: ['shape/take_along', 'shape/fill', 'shape/add_along', 'math/reduce_sum'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { x, indices }, { dim }) => {
    const { along, shape } = takenOf(x, indices, dim);
    return { y: takenAlong(gpu, x, along, shape) };
  },
  backward: (gpu, { inputs: { x, indices }, grads, params: { dim }, wants }) => {
    if (!wants.has('x')) return {};
    const { along, shape } = takenOf(x, indices, dim);
    // What repeats has a gradient each time.
    const whole = x.shape.map((n, d) => (d !== along.dim && n === 1 ? (shape[d] as number) : n));
    const dx = filled(gpu, 'f32', whole, 0);
    addAlong(gpu, dx, along, grads.y, shape);
    if (sameShape(whole, x.shape)) return { x: dx };
    using all = dx;
    return { x: sumToSize(gpu, all, x.shape) };
  },
});

/** Where indices that repeat lie, and the shape of what they take. */
function takenOf(x: Tensor, indices: Tensor, given: number) {
  const along = indicesAlong('take_along_dim', x.shape, indices, given, true);
  const indexStrides = along.indexStrides.map((stride, d) => (indices.shape[d] === 1 ? 0 : stride));
  const shape = takenShape(x.shape, indices.shape, along.dim);
  return { along: { ...along, indexStrides }, shape };
}
