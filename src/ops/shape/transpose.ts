import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { transpose as signature } from '../../vocabulary/shape/transpose.ts';
import { launcher } from '../launcher.ts';
import { PERMUTING_KERNELS, permuted } from './copy.ts';

/**
 * y = x with its dimensions in another order, as ONNX's Transpose and torch.permute. x: f32 or
 * integers. Throws ShapeError when `perm` is no order of them.
 */
export const transpose = launcher(signature, {
  variants: { copy: { kernels: PERMUTING_KERNELS } },
  forward: (gpu, { x }, { perm }) => {
    inverse(perm, x.shape);
    return { y: permuted(gpu, x, perm) };
  },
  backward: (gpu, { inputs: { x }, grads, params: { perm }, wants }) =>
    wants.has('x') ? { x: permuted(gpu, grads.y, inverse(perm, x.shape)) } : {},
});

function inverse(perm: readonly number[], shape: Shape): number[] {
  const back = shape.map((_, d) => perm.indexOf(d));
  if (perm.length !== shape.length || back.includes(-1)) {
    throw new ShapeError(
      `transpose: [${perm.join(', ')}] is no order of the dimensions of ${formatShape(shape)}`,
    );
  }
  return back;
}
