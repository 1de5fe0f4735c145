import rowsShader from '../../../shaders/shape/gather_rows.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { gather as signature } from '../../vocabulary/shape/gather.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { axisOf } from '../math/axes.ts';
import { sumOfRows } from '../nn/embedding.ts';
import { requireRows, takenAlong } from './along.ts';
import { PERMUTING_KERNELS, permuted } from './copy.ts';

/**
 * y = x at `indices` along `axis`, as ONNX's Gather: the indices' dimensions replace that axis in
 * the shape. x: f32 or integers; indices: i32 of any shape; negative ones count from the end, and those
 * beyond the ends read the nearest element. The gradient sums the terms of an element in ascending
 * order, the same bits every time. Throws ShapeError when there is no such axis.
 */
export const gather = launcher(signature, {
  variants: {
    rows: {
      kernels: [
        'shape/gather_rows',
        ...PERMUTING_KERNELS,
        'shape/take_along',
        'nn/embedding_heads',
        'nn/embedding_chain',
        'nn/embedding_backward',
      ],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { x, indices }, params) => {
    const { shape, outer, size, inner } = layoutOf(x.shape, params);
    const whole = [outer, size, inner];
    using rows = rowsOf(gpu, indices, size);
    requireRows('gather', whole, 1, rows);
    const along = { what: 'gather', dim: 1, indices: rows, indexStrides: [0, 1, 0] };
    const taken = [outer, indices.size, inner];
    return { y: takenAlong(gpu, x.view(whole), along, taken, { as: shape(indices.shape) }) };
  },
  backward: (gpu, { inputs: { x, indices }, grads, params, wants }) => {
    if (!wants.has('x')) return {};
    const { outer, size, inner } = layoutOf(x.shape, params);
    using rows = rowsOf(gpu, indices, size);
    if (outer === 1) return { x: sumOfRows(gpu, grads.y, rows, [size, inner], { as: x.shape }) };
    using front = swapped(gpu, grads.y, [outer, indices.size, inner]);
    using sums = sumOfRows(gpu, front, rows, [size, outer * inner]);
    return { x: swapped(gpu, sums, [size, outer, inner], x.shape) };
  },
});

interface Layout {
  /** Elements before the axis, along it, and after it. */
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  /** Shape of y for indices of a shape. */
  readonly shape: (indices: Shape) => Shape;
}

function layoutOf(x: Shape, { axis }: ParamsOf<typeof signature>): Layout {
  const at = axisOf('gather', axis, x);
  return {
    outer: sizeOf(x.slice(0, at)),
    size: x[at] as number,
    inner: sizeOf(x.slice(at + 1)),
    shape: (indices) => [...x.slice(0, at), ...indices, ...x.slice(at + 1)],
  };
}

/** The first two of three dimensions in the other order, as a tensor of `shape`. */
function swapped(
  gpu: Gpu,
  x: Tensor,
  [a, b, c]: readonly [number, number, number],
  shape?: Shape,
): Tensor {
  return permuted(gpu, x.view([a, b, c]), [1, 0, 2], shape);
}

function rowsOf(gpu: Gpu, indices: Tensor, size: number): Tensor {
  const rows = Tensor.empty(gpu, 'i32', [indices.size]);
  gpu.dispatch({
    shader: rowsShader,
    bindings: [indices.binding, rows.binding],
    uniforms: [u32(indices.size), u32(size)],
    workgroups: linearGrid(indices.size),
  });
  return rows;
}
