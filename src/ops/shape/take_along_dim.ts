import { takeAlongDim as signature } from '../../vocabulary/shape/take_along_dim.ts';
import { launcher } from '../launcher.ts';
import { addAlong, indicesAlong, takenAlong } from './along.ts';
import { filled } from './fill.ts';

/**
 * y = x at `indices` along `dim`, element by element: torch.gather. x: f32 or integers; indices: i32 of
 * x's rank and in no other dimension larger; y has their shape. Those beyond the ends, which torch
 * refuses, read the nearest element. The gradient sums the terms of an element in ascending order,
 * the same bits every time. Throws ShapeError.
 */
export const takeAlongDim = launcher(signature, {
  variants: {
    rows: {
      kernels: ['shape/take_along', 'shape/fill', 'shape/add_along'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { x, indices }, { dim }) => {
    const along = indicesAlong('take_along_dim', x.shape, indices, dim);
    return { y: takenAlong(gpu, x, along, indices.shape) };
  },
  backward: (gpu, { inputs: { x, indices }, grads, params: { dim }, wants }) => {
    if (!wants.has('x')) return {};
    const along = indicesAlong('take_along_dim', x.shape, indices, dim);
    const dx = filled(gpu, 'f32', x.shape, 0);
    addAlong(gpu, dx, along, grads.y, indices.shape);
    return { x: dx };
  },
});
