import shader from '../../../shaders/quant/min_max.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { partsOf, type Reduction, reductionFields, reductionOfParts } from '../math/reduction.ts';

/** The kernel of {@link minMax}. */
export const MIN_MAX_KERNEL = shader.file;

/**
 * Keys of the smallest and the largest term of each element of x (floats without NaN), as
 * `reduction` walks it: u32 [count, 2], exact. The caller owns it. Throws ShapeError when there are
 * no terms.
 */
export function minMax(gpu: Gpu, x: Tensor, reduction: Reduction): Tensor {
  if (reduction.terms === 0)
    throw new ShapeError(`no elements, as those of ${formatShape(x.shape)}, have no range`);
  return pass(gpu, x, reduction, false);
}

function pass(gpu: Gpu, x: Tensor, reduction: Reduction, fromPairs: boolean): Tensor {
  const { count, terms, innerKept } = reduction;
  const parts = partsOf(terms);
  const y = Tensor.empty(gpu, 'u32', [count * parts, 2]);
  gpu.dispatch({
    shader,
    constants: { INNER_KEPT: Number(innerKept), FROM_PAIRS: Number(fromPairs) },
    bindings: [x.binding, y.binding],
    uniforms: reductionFields(shader.file, reduction),
    workgroups: linearGrid(count * parts),
  });
  if (parts === 1) return y;
  using pairs = y;
  return pass(gpu, pairs, reductionOfParts(count, parts, innerKept, 2), true);
}
