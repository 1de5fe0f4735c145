import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { permuted } from './copy.ts';

/** Parameters of {@link transpose}. */
export interface TransposeParams {
  /** y's dimension d is x's `perm[d]`. */
  readonly perm: readonly number[];
}

/** y = x with its dimensions in another order, as ONNX's Transpose and torch.permute. x: f32 or i32. Throws ShapeError when `perm` is no order of them. */
export const transpose = defineOp<'x', never, 'y', TransposeParams>({
  name: 'transpose',
  takes: ['f32', 'f16', 'bf16', 'i32'],
  variants: { copy: { kernels: ['shape/copy'], depth: () => 1 } },
  forward: (gpu, { x }, { perm }) => {
    inverse(perm, x.shape);
    return { y: permuted(gpu, x, perm) };
  },
  backward: (gpu, { inputs: { x }, grads, params: { perm }, wants }): Readonly<Record<string, Tensor>> =>
    wants.has('x') ? { x: permuted(gpu, grads.y as Tensor, inverse(perm, x.shape)) } : {},
});

function inverse(perm: readonly number[], shape: Shape): number[] {
  const back = shape.map((_, d) => perm.indexOf(d));
  if (perm.length !== shape.length || back.includes(-1)) {
    throw new ShapeError(`transpose: [${perm.join(', ')}] is no order of the dimensions of ${formatShape(shape)}`);
  }
  return back;
}
