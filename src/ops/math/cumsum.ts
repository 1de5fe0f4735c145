import shader from '../../../shaders/math/cumsum.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { computedAs } from '../../tensor/dtype.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { cumsum as signature } from '../../vocabulary/math/cumsum.ts';
import { launcher } from '../launcher.ts';
import { axisOf } from './axes.ts';
import { partsOf } from './reduction.ts';

/**
 * The c of a scan of `terms` terms: those of a share are added up, then the shares before it, and
 * then the share once more from there.
 */
function scanDepth(terms: number): number {
  const parts = partsOf(terms);
  return parts === 1 ? terms : 2 * Math.ceil(terms / parts) + scanDepth(parts) - 1;
}

/**
 * y[i] = sum of x[0] to x[i] along `dim`, as torch.cumsum, in one fixed order; the gradient is the
 * same from the other end. x, y: f32, or integers and their sums in i32, which wrap. Throws
 * ShapeError when there is no such dimension.
 */
export const cumsum = launcher(signature, {
  variants: { shared: { kernels: [shader.file], depth: scanDepth } },
  forward: (gpu, { x }, { dim }) => ({ y: scan(gpu, x, dim, false) }),
  backward: (gpu, { grads: { y: dy }, params: { dim }, wants }) =>
    wants.has('x') ? { x: scan(gpu, dy, dim, true) } : {},
});

/** The sums from the first element on, or from the last. The caller owns them. */
function scan(gpu: Gpu, x: Tensor, dim: number, reverse: boolean): Tensor {
  const at = axisOf('cumsum', dim, x.shape);
  const terms = x.shape[at] as number;
  const rows = sizeOf(x.shape.toSpliced(at, 1));
  const parts = partsOf(terms);
  const inner = sizeOf(x.shape.slice(at + 1));
  const pass = (shape: Shape, offsets: Tensor | undefined, totals: boolean) => {
    const y = Tensor.empty(gpu, computedAs(x.dtype), shape);
    gpu.dispatch({
      shader,
      constants: {
        REVERSE: Number(reverse),
        OFFSETS: Number(offsets !== undefined),
        TOTALS: Number(totals),
        INTEGERS: Number(x.dtype === 'i32'),
      },
      // Without offsets the kernel reads none; a binding must be there all the same.
      bindings: [x, offsets ?? x, y].map((tensor) => tensor.binding),
      uniforms: [rows, terms, inner, parts].map(u32),
      workgroups: linearGrid(rows * parts),
    });
    return y;
  };
  if (parts === 1) return pass(x.shape, undefined, false);
  using totals = pass([rows, parts], undefined, true);
  using offsets = scan(gpu, totals, 1, false);
  return pass(x.shape, offsets, false);
}
