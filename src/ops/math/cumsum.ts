import shader from '../../../shaders/math/cumsum.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { cumsum as signature } from '../../vocabulary/math/cumsum.ts';
import { LANES } from '../lanes.ts';
import { launcher } from '../launcher.ts';
import { axisOf } from './axes.ts';

/**
 * y[i] = sum of x[0] to x[i] along `dim`, as torch.cumsum, in one fixed order; the gradient is the
 * same from the other end. x, y: f32. Throws ShapeError when there is no such dimension.
 */
export const cumsum = launcher(signature, {
  variants: {
    'workgroup-per-row': {
      kernels: [shader.file],
      // A share of each lane, the levels that add the lanes, and a share again.
      depth: (terms) => 2 * Math.ceil(terms / LANES) + Math.log2(LANES),
    },
  },
  forward: (gpu, { x }, { dim }) => ({ y: scan(gpu, x, dim, false) }),
  backward: (gpu, { grads, params: { dim }, wants }) =>
    wants.has('x') ? { x: scan(gpu, grads.y, dim, true) } : {},
});

/** The sums from the first element on, or from the last. The caller owns them. */
function scan(gpu: Gpu, x: Tensor, dim: number, reverse: boolean): Tensor {
  const at = axisOf('cumsum', dim, x.shape);
  const rows = sizeOf(x.shape.toSpliced(at, 1));
  const y = Tensor.empty(gpu, 'f32', x.shape);
  gpu.dispatch({
    shader,
    constants: { REVERSE: Number(reverse) },
    bindings: [x.binding, y.binding],
    uniforms: [rows, x.shape[at] as number, sizeOf(x.shape.slice(at + 1))].map(u32),
    workgroups: linearGrid(rows * LANES),
  });
  return y;
}
