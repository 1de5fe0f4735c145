import shader from '../../../shaders/math/topk.wgsl';
import backwardShader from '../../../shaders/math/topk_backward.wgsl';
import { linearGrid, spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { topk as signature } from '../../vocabulary/math/topk.ts';
import { launcher } from '../launcher.ts';
import { filled } from '../shape/fill.ts';
import { axisOf } from './axes.ts';

/**
 * Elements that a workgroup looks at in one dispatch, at most: about a tenth of a second, since
 * browsers stop a device that is busy for some seconds.
 */
const VISITS = 2 ** 22;

/**
 * The k largest elements of x along `axis`, or the smallest, in order, and where they are, as
 * torch.topk: of equal ones, which torch takes in any order, the first comes first; a NaN is larger
 * than all. The gradient of the values flows to their places. x, values: f32 or integers; indices:
 * i32. Throws ShapeError when there is no such axis, or a row has no k elements.
 */
export const topk = launcher(signature, {
  variants: { rounds: { kernels: [shader.file, 'shape/fill', backwardShader.file] } },
  forward: (gpu, { x }, { k, axis, largest }) => {
    const { at, rows, terms, inner } = rowsAlong(x.shape, axis);
    if (!(k >= 0 && k <= terms)) {
      throw new ShapeError(
        `topk: a row of ${formatShape(x.shape)} along axis ${axis} has ${terms} elements, not ${k}`,
      );
    }
    const shape = x.shape.with(at, k);
    const values = Tensor.empty(gpu, x.dtype, shape);
    const indices = Tensor.empty(gpu, 'i32', shape);
    const rounds = Math.max(1, Math.floor(VISITS / terms));
    for (let first = 0; first < k; first += rounds) {
      gpu.dispatch({
        shader,
        constants: { INTEGERS: Number(x.dtype === 'i32'), SMALLEST: Number(!largest) },
        bindings: [x, values, indices].map((tensor) => tensor.binding),
        uniforms: [rows, terms, k, inner, first, Math.min(k, first + rounds)].map(u32),
        workgroups: spread(rows),
      });
    }
    return { values, indices };
  },
  backward: (gpu, { inputs: { x }, outputs: { indices }, grads, params: { k, axis }, wants }) => {
    if (!wants.has('x')) return {};
    const { terms, inner } = rowsAlong(x.shape, axis);
    const dx = filled(gpu, 'f32', x.shape, 0);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [grads.values, indices, dx].map((tensor) => tensor.binding),
      uniforms: [indices.size, terms, k, inner].map(u32),
      workgroups: linearGrid(indices.size),
    });
    return { x: dx };
  },
});

/** The rows of a tensor along an axis: how many, of how many elements, which lie `inner` apart. */
function rowsAlong(shape: Shape, axis: number) {
  const at = axisOf('topk', axis, shape);
  const rows = sizeOf(shape.toSpliced(at, 1));
  return { at, rows, terms: shape[at] as number, inner: sizeOf(shape.slice(at + 1)) };
}
