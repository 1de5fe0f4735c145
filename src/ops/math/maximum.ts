import shader from '../../../shaders/math/argmax.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { partsOf, type Reduction, reductionFields, reductionOfParts } from './reduction.ts';

/**
 * What is asked of the largest terms: themselves (f32), or where they are (i32): the first of equal
 * ones or the last.
 */
export type Wanted = 'values' | 'first' | 'last';

/**
 * The largest term of each element of x (f32), exactly, as `reduction` walks it, as a tensor of
 * `shape`. A NaN is larger than all. The caller owns it. Throws ShapeError when there are no terms.
 */
export function maximum(
  gpu: Gpu,
  x: Tensor,
  reduction: Reduction,
  shape: Shape,
  wanted: Wanted,
): Tensor {
  if (reduction.terms === 0)
    throw new ShapeError(
      `a maximum over no elements, of a tensor of ${formatShape(x.shape)}, is none`,
    );
  return pass(gpu, x, reduction, shape, wanted, false);
}

function pass(
  gpu: Gpu,
  x: Tensor,
  reduction: Reduction,
  shape: Shape,
  wanted: Wanted,
  fromPairs: boolean,
): Tensor {
  const { count, terms, innerKept } = reduction;
  const parts = partsOf(terms);
  const isLast = parts === 1;
  const uniforms = reductionFields(shader.file, reduction);
  const y = isLast
    ? Tensor.empty(gpu, wanted === 'values' ? 'f32' : 'i32', shape)
    : Tensor.empty(gpu, 'u32', [count * parts, 2]);
  gpu.dispatch({
    shader,
    constants: {
      INNER_KEPT: Number(innerKept),
      FROM_PAIRS: Number(fromPairs),
      TO_PAIRS: Number(!isLast),
      VALUES: Number(wanted === 'values'),
      LAST: Number(wanted === 'last'),
    },
    bindings: [x.binding, y.binding],
    uniforms,
    workgroups: linearGrid(count * parts),
  });
  if (isLast) return y;
  using pairs = y;
  return pass(gpu, pairs, reductionOfParts(count, parts, innerKept, 2), shape, wanted, true);
}
