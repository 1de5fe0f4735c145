import shader from '../../../shaders/math/argmax.wgsl';
import foursShader from '../../../shaders/math/argmax_fours.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid } from '../../gpu/shader.ts';
import { computedAs, type DType } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  partsOf,
  type Reduction,
  reductionFields,
  reductionOfFours,
  reductionOfParts,
} from './reduction.ts';

/** Kernels of {@link largest}. */
export const LARGEST_KERNELS: readonly string[] = [shader.file, foursShader.file];

/**
 * What is asked of the largest terms: themselves (of x's element type), or where they are (i32): the
 * first of equal ones or the last.
 */
export type Wanted = 'values' | 'first' | 'last';

/**
 * The largest term of each element of x (f32 or i32), exactly, as `reduction` walks it, as a tensor of
 * `shape`. A NaN is larger than all. The caller owns it. Throws ShapeError when there are no terms.
 */
export function largest(
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
  return pass(gpu, x, reduction, shape, { wanted, dtype: computedAs(x.dtype), fromPairs: false });
}

interface Options {
  readonly wanted: Wanted;
  /** Element type of what is compared. */
  readonly dtype: DType;
  /** Whether the pass before left pairs. */
  readonly fromPairs: boolean;
}

function pass(gpu: Gpu, x: Tensor, reduction: Reduction, shape: Shape, options: Options): Tensor {
  const { wanted, dtype, fromPairs } = options;
  const fours = fromPairs ? undefined : reductionOfFours(reduction);
  const { count, terms, innerKept } = fours ?? reduction;
  const parts = partsOf(terms);
  const isLast = parts === 1;
  const uniforms = reductionFields(shader.file, fours ?? reduction);
  const y = isLast
    ? Tensor.empty(gpu, wanted === 'values' ? dtype : 'i32', shape)
    : Tensor.empty(gpu, 'u32', [count * parts, 2]);
  gpu.dispatch({
    shader: fours ? foursShader : shader,
    constants: {
      INNER_KEPT: Number(innerKept),
      ...(fours ? {} : { FROM_PAIRS: Number(fromPairs) }),
      TO_PAIRS: Number(!isLast),
      VALUES: Number(wanted === 'values'),
      LAST: Number(wanted === 'last'),
      INTEGERS: Number(dtype === 'i32'),
    },
    bindings: [x.binding, y.binding],
    uniforms,
    workgroups: linearGrid(count * parts),
  });
  if (isLast) return y;
  using pairs = y;
  const rest = reductionOfParts(count, parts, innerKept, 2);
  return pass(gpu, pairs, rest, shape, { ...options, fromPairs: true });
}
