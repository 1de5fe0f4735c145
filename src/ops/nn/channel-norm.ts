import addShader from '../../../shaders/math/add.wgsl';
import mulShader from '../../../shaders/math/mul.wgsl';
import subShader from '../../../shaders/math/sub.wgsl';
import shader from '../../../shaders/nn/rstd.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { binary, unary } from '../math/elementwise.ts';
import { chunkedDepth, reductionOf } from '../math/reduction.ts';
import { sum, sumToSize } from '../math/sum.ts';

/** x with the weight and the bias of its channels, where it has them. */
interface Inputs {
  readonly x: Tensor;
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

/** Mean and 1 / sqrt(variance + eps) of each group, which the backward pass reads. */
interface Statistics {
  readonly mean: Tensor;
  readonly rstd: Tensor;
}

/** The one variant of a normalization of groups, and what it keeps. */
export const CHANNEL_NORM = {
  saves: ['mean', 'rstd'],
  variants: {
    shared: {
      kernels: ['math/reduce_sum', shader.file, subShader.file, mulShader.file, addShader.file],
      depth: chunkedDepth,
    },
  },
  storage: { keeps: ['mean', 'rstd'] },
} as const;

/** The shapes in which x is seen: what a sample has of a group, a channel, all of it. */
interface Layout {
  readonly x: Shape;
  readonly perGroup: Shape;
  readonly perChannel: Shape;
}

/** Throws ShapeError when weight or bias are not one number a channel, or groups do not come out. */
function layoutOf(op: string, { x, weight, bias }: Inputs, groups: number): Layout {
  const [batch, channels, ...inner] = x.shape as readonly [number, number, ...number[]];
  if (x.shape.length < 2 || channels % groups !== 0)
    throw new ShapeError(`${op}: ${formatShape(x.shape)} has no ${groups} groups of channels`);
  const misfit = [weight, bias].find((each) => each && !sameShape(each.shape, [channels]));
  if (misfit)
    throw new ShapeError(
      `${op}: a weight or bias of ${formatShape(misfit.shape)} is not one number for each channel of ${formatShape(x.shape)}`,
    );
  const each = channels / groups;
  return {
    x: [batch, groups, each, sizeOf(inner)],
    perGroup: [batch, groups, 1, 1],
    perChannel: [1, groups, each, 1],
  };
}

/** The means over groups of `of`, or of its squares. */
function means(gpu: Gpu, of: Tensor, { x, perGroup }: Layout, squares = false): Tensor {
  const reduction = reductionOf(x, (d) => d > 1);
  return sum(gpu, of, reduction, perGroup, { scale: 1 / reduction.terms, squares });
}

/**
 * y = weight * (x - mean) / sqrt(variance + eps) + bias with mean and biased variance of each of
 * `groups` groups of channels of a sample, in two passes. The caller owns what comes back. Throws
 * ShapeError.
 */
export function normalized(
  gpu: Gpu,
  op: string,
  inputs: Inputs,
  groups: number,
  eps: number,
): Statistics & { readonly y: Tensor } {
  const { x, weight, bias } = inputs;
  const layout = layoutOf(op, inputs, groups);
  using scope = new Scope();
  const mean = means(gpu, x, layout);
  let y = binary(gpu, subShader, x.view(layout.x), mean);
  const rstd = unary(gpu, shader, scope.add(means(gpu, y, layout, true)), [eps]);
  const steps = [
    { shader: mulShader, by: rstd },
    ...(weight ? [{ shader: mulShader, by: weight.view(layout.perChannel) }] : []),
    ...(bias ? [{ shader: addShader, by: bias.view(layout.perChannel) }] : []),
  ];
  for (const step of steps)
    y = binary(gpu, step.shader, scope.add(y).view(layout.x), step.by, [], x.shape);
  return { y, mean, rstd };
}

/** What flows back, and what the forward pass kept. */
interface Flow extends Statistics {
  readonly dy: Tensor;
  readonly wants: ReadonlySet<string>;
}

/** The gradients that `wants` names: sums in a fixed order. The caller owns them. */
export function normalizedGradients(
  gpu: Gpu,
  op: string,
  inputs: Inputs,
  groups: number,
  { mean, rstd, dy: flow, wants }: Flow,
): { x?: Tensor; weight?: Tensor; bias?: Tensor } {
  const { x, weight, bias } = inputs;
  const layout = layoutOf(op, inputs, groups);
  const dy = flow.view(layout.x);
  using scope = new Scope();
  const times = (a: Tensor, b: Tensor) => scope.add(binary(gpu, mulShader, a, b));
  const minus = (a: Tensor, b: Tensor) => scope.add(binary(gpu, subShader, a, b));
  const gradients: { x?: Tensor; weight?: Tensor; bias?: Tensor } = {};
  if (bias && wants.has('bias')) gradients.bias = sumToSize(gpu, dy, layout.perChannel, bias.shape);
  if (!wants.has('x') && !(weight && wants.has('weight'))) return gradients;
  const z = times(minus(x.view(layout.x), mean), rstd);
  if (weight && wants.has('weight'))
    gradients.weight = sumToSize(gpu, times(dy, z), layout.perChannel, weight.shape);
  if (wants.has('x')) {
    const g = weight ? times(dy, weight.view(layout.perChannel)) : dy;
    const along = scope.add(means(gpu, times(g, z), layout));
    const centred = minus(g, scope.add(means(gpu, g, layout)));
    gradients.x = binary(gpu, mulShader, minus(centred, times(z, along)), rstd, [], x.shape);
  }
  return gradients;
}
