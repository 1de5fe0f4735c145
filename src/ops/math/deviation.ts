import mulShader from '../../../shaders/math/mul.wgsl';
import subShader from '../../../shaders/math/sub.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Deviation } from '../../vocabulary/math/deviation.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { binary } from './elementwise.ts';
import { chunkedDepth, type Reduction, reducedShape, reductionOf } from './reduction.ts';
import { sum } from './sum.ts';

/** What tells the variance from its root. */
interface DeviationKernels {
  readonly root: boolean;
  /** What x - mean is multiplied by in the gradient; `scale` is 1 / (n - correction). */
  readonly share: (gpu: Gpu, y: Tensor, dy: Tensor, scale: number) => Tensor;
  /** Kernels of `share`. */
  readonly kernels: readonly string[];
}

/**
 * A launcher of the sum of squares of x - mean over n - correction along `axes`, or its root, in
 * two passes. x, y: f32. Throws ShapeError for axes that do not fit, or no more terms than the
 * correction takes away.
 */
export function deviationLauncher(
  signature: Deviation,
  { root, share, kernels }: DeviationKernels,
): Launcher<Deviation> {
  const { name } = signature;
  const layoutOf = (x: Shape, params: ParamsOf<Deviation>) => {
    const { drops, ...shapes } = reducedShape(name, x, params);
    const reduction = reductionOf(x, drops);
    const divisor = reduction.terms - params.correction;
    if (divisor <= 0)
      throw new ShapeError(
        `${name}: of ${formatShape(x)} ${reduction.terms} terms are reduced, too few for a correction of ${params.correction}`,
      );
    return { ...shapes, reduction, scale: 1 / divisor };
  };
  return launcher(signature, {
    variants: {
      shared: {
        kernels: ['math/reduce_sum', subShader.file, mulShader.file, ...kernels],
        depth: chunkedDepth,
      },
    },
    forward: (gpu, { x }, params) => {
      const { reduction, kept, shape, scale } = layoutOf(x.shape, params);
      using away = distances(gpu, x, reduction, kept);
      return { y: sum(gpu, away, reduction, shape, { scale, squares: true, root }) };
    },
    backward: (gpu, { inputs: { x }, outputs: { y }, grads, params, wants }) => {
      if (!wants.has('x')) return {};
      const { reduction, kept, scale } = layoutOf(x.shape, params);
      using away = distances(gpu, x, reduction, kept);
      using slope = share(gpu, y.view(kept), grads.y.view(kept), scale);
      return { x: binary(gpu, mulShader, away, slope) };
    },
  });
}

/** x - mean. The caller owns it. */
function distances(gpu: Gpu, x: Tensor, reduction: Reduction, kept: Shape): Tensor {
  using mean = sum(gpu, x, reduction, kept, { scale: 1 / reduction.terms });
  return binary(gpu, subShader, x, mean);
}
