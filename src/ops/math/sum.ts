import expShader from '../../../shaders/math/exp_sum.wgsl';
import integerShader from '../../../shaders/math/integer_sum.wgsl';
import shader from '../../../shaders/math/reduce_sum.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid } from '../../gpu/shader.ts';
import { computedAs, type DType, isHalf } from '../../tensor/dtype.ts';
import { type Shape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { repeatedStrides } from './axes.ts';
import { convert } from './convert.ts';
import {
  partsOf,
  type Reduction,
  reductionFields,
  reductionOf,
  reductionOfParts,
} from './reduction.ts';

/** How terms become a sum; of integers they are only added. */
export interface SumOptions {
  /** What the sum is multiplied by. Default 1. */
  readonly scale?: number;
  /** Whether the terms are squared first. Default false. */
  readonly squares?: boolean;
  /** Whether it is the square root of that. Default false. */
  readonly root?: boolean;
  /** The largest term of each element: exp(term - it) is added in the place of a term. */
  readonly expBelow?: Tensor;
}

/**
 * y = scale * sum of x (f32, or i32, which wraps) as `reduction` walks it, in one fixed order, as a tensor of `shape`.
 * The caller owns it.
 */
export function sum(
  gpu: Gpu,
  x: Tensor,
  reduction: Reduction,
  shape: Shape,
  options: SumOptions = {},
): Tensor {
  return pass(gpu, x, reduction, shape, options, true);
}

/** The kernel of a pass, its constants, and what it reads beside its terms. */
function kernelOf(
  dtype: DType,
  { squares, expBelow }: SumOptions,
  isFirst: boolean,
  root: boolean,
) {
  if (dtype === 'i32') return { shader: integerShader, constants: {}, others: [] };
  if (isFirst && expBelow) return { shader: expShader, constants: {}, others: [expBelow.binding] };
  const constants = { SQUARES: Number(isFirst && squares === true), ROOT: Number(root) };
  return { shader, constants, others: [] };
}

function pass(
  gpu: Gpu,
  x: Tensor,
  reduction: Reduction,
  shape: Shape,
  options: SumOptions,
  isFirst: boolean,
): Tensor {
  const { count, terms, innerKept } = reduction;
  const parts = partsOf(terms);
  const isLast = parts === 1;
  const { scale = 1, root = false } = options;
  const uniforms = reductionFields(shader.file, reduction, f32(isLast ? scale : 1));
  const y = Tensor.empty(gpu, computedAs(x.dtype), isLast ? shape : [count * parts]);
  const kernel = kernelOf(x.dtype, options, isFirst, isLast && root);
  gpu.dispatch({
    shader: kernel.shader,
    constants: { INNER_KEPT: Number(innerKept), ...kernel.constants },
    bindings: [x.binding, y.binding, ...kernel.others],
    uniforms,
    workgroups: linearGrid(count * parts),
  });
  if (isLast) return y;
  using partial = y;
  return pass(gpu, partial, reductionOfParts(count, parts, innerKept), shape, options, false);
}

/**
 * Sums x (f32) over the dimensions along which `size` would be broadcast to it, as torch's
 * Tensor.sum_to_size, and as `options` say: the gradient of an operand that was repeated. The result
 * has shape `shape`, by default `size`. Throws ShapeError when `size` does not broadcast to x.
 */
export function sumToSize(
  gpu: Gpu,
  x: Tensor,
  size: Shape,
  shape: Shape = size,
  options?: SumOptions,
): Tensor {
  repeatedStrides('sum_to_size', size, x.shape); // refuses what does not broadcast
  if (!options && sameShape(size, x.shape)) {
    if (isHalf(x.dtype)) return convert(gpu, x.view(shape), 'f32');
    const y = Tensor.empty(gpu, x.dtype, shape);
    y.copyFrom(x);
    return y;
  }
  const missing = x.shape.length - size.length;
  const drops = (d: number) => d < missing || size[d - missing] === 1;
  return sum(gpu, x, reductionOf(x.shape, drops), shape, options);
}

/**
 * The gradient of an operand that is only added, from that of the sum: in its own type where nothing
 * is summed, since a half is as it was, else as {@link sumToSize}.
 */
export function gradientOfTerm(gpu: Gpu, dy: Tensor, { shape, dtype }: Tensor): Tensor {
  const isAsGiven = dtype === dy.dtype && sameShape(shape, dy.shape);
  return isAsGiven ? dy.clone() : sumToSize(gpu, dy, shape);
}
