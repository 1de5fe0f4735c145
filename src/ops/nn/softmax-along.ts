import type { Gpu } from '../../gpu/gpu.ts';
import { type Shader, u32 } from '../../gpu/shader.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { SoftmaxAlong } from '../../vocabulary/nn/softmax-along.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { axisOf } from '../math/axes.ts';
import { rowLaunch, rowVariants } from './row-variants.ts';

/** What tells softmax from its logarithm. */
interface SoftmaxKernels {
  readonly forward: Shader;
  readonly backward: Shader;
}

/**
 * Runs a kernel of rows along the dimension `at`, shared by invocations as a row variant says: y of
 * the shape of its operands, f32. The caller owns y.
 */
export function alongAxis(
  gpu: Gpu,
  shader: Shader,
  operands: readonly [Tensor, ...Tensor[]],
  at: number,
  variant: string,
): Tensor {
  const { shape } = operands[0];
  const rows = sizeOf(shape.toSpliced(at, 1));
  const inner = sizeOf(shape.slice(at + 1));
  const y = Tensor.empty(gpu, 'f32', shape);
  gpu.dispatch({
    shader,
    bindings: [...operands, y].map((tensor) => tensor.binding),
    uniforms: [rows, shape[at] as number, inner].map(u32),
    ...rowLaunch(variant, rows),
  });
  return y;
}

/**
 * A launcher on rows along `axis` whose gradient follows from y. x, y: f32 of any shape. Throws
 * ShapeError when there is no such axis.
 */
export function softmaxLauncher(
  signature: SoftmaxAlong,
  { forward, backward }: SoftmaxKernels,
): Launcher<SoftmaxAlong> {
  return launcher(signature, {
    variants: rowVariants([forward.file, backward.file]),
    forward: (gpu, { x }, { axis }, variant) => ({
      y: alongAxis(gpu, forward, [x], axisOf(signature.name, axis, x.shape), variant),
    }),
    backward: (gpu, { outputs: { y }, grads, params: { axis }, wants }, variant) => {
      const at = axisOf(signature.name, axis, y.shape);
      return wants.has('x') ? { x: alongAxis(gpu, backward, [y, grads.y], at, variant) } : {};
    },
  });
}
