import shader from '../../../shaders/conv/conv2d.wgsl';
import weightShader from '../../../shaders/conv/conv2d_weight.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { conv2d } from '../../vocabulary/conv/conv2d.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { sumToSize } from '../math/sum.ts';
import { type ImageShape, imagesOf, outputSize, type Pair, type Window } from './window.ts';

/** The kernels of every convolution. */
export const CONVOLUTION = {
  register: {
    kernels: [shader.file, weightShader.file, 'math/reduce_sum'],
    depth: (terms: number) => terms,
  },
};

/** A convolution that takes images x to images y. */
export interface Plan {
  readonly x: ImageShape;
  readonly y: ImageShape;
  readonly weight: ImageShape;
  readonly window: Window;
  readonly groups: number;
}

/** How it is to go. */
export type Settings = ParamsOf<typeof conv2d>;

/**
 * The convolution of x [N, C, H, W] with a weight [out, C / groups, kh, kw]. Throws ShapeError when
 * they do not fit.
 */
export function planOf(
  op: string,
  x: Shape,
  weight: Shape,
  { stride, padding, dilation, groups }: Settings,
): Plan {
  const images = imagesOf(op, x);
  const [out, inner, ...kernel] = weight as readonly [number, number, ...number[]];
  if (weight.length !== 4 || images[1] !== inner * groups || out % groups !== 0) {
    const shapes = `x ${formatShape(x)} and a weight ${formatShape(weight)}`;
    throw new ShapeError(
      `${op}: ${shapes} do not fit in ${groups} groups: the weight is [out, channels of x / groups, height, width]`,
    );
  }
  const window = { kernel: kernel as unknown as Pair, stride, padding, dilation };
  const y = [images[0], out, ...outputSize(op, images, window)] as const;
  return { x: images, y, weight: weight as unknown as ImageShape, window, groups };
}

/** Throws ShapeError when a bias is not one number for each of `channels`. */
export function requireBias(op: string, bias: Tensor | undefined, channels: number): void {
  if (bias && !sameShape(bias.shape, [channels]))
    throw new ShapeError(`${op}: bias is ${formatShape(bias.shape)} and should be ${channels}`);
}

interface Operands {
  readonly source: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
  readonly target: Tensor;
}

/**
 * target = the convolution of source, or the transposed one, which takes a gradient of y to that of
 * x.
 */
export function convolve(
  gpu: Gpu,
  { source, weight, bias, target }: Operands,
  plan: Plan,
  transposed: boolean,
): void {
  const { groups, window, weight: shape } = plan;
  const [from, to] = transposed ? [plan.y, plan.x] : [plan.x, plan.y];
  const channels = to[1] / groups;
  const terms = from[1] / groups;
  const taps = sizeOf(window.kernel);
  const [wChannel, wTerm] = transposed ? [taps, channels * taps] : [terms * taps, taps];
  const tiles = Math.ceil((to[2] * to[3]) / 4);
  const blocks = Math.ceil(channels / 4);
  const count = tiles * blocks * groups * to[0];
  gpu.dispatch({
    shader,
    constants: { DEPTHWISE: Number(channels === 1), TRANSPOSED: Number(transposed) },
    bindings: [source, weight, bias ?? weight, target].map((tensor) => tensor.binding),
    uniforms: [
      ...[from[2], from[3], to[2], to[3], ...slidesOf(window)],
      ...[
        groups,
        channels,
        terms,
        wChannel,
        wTerm,
        Number(bias !== undefined),
        tiles,
        blocks,
        count,
      ],
    ].map(u32),
    workgroups: linearGrid(count),
    flops: 2 * sizeOf(plan.y) * sizeOf(shape.slice(1)),
  });
}

function slidesOf({ kernel, stride, padding, dilation }: Window): number[] {
  return [...kernel, ...stride, padding[0], padding[1], ...dilation];
}

/** Invocations below which a GPU has nothing to do: a sum is then cut into chunks of samples. */
const BUSY = 4096;

/**
 * Gradient of the weight, as a tensor of `shape`: chunks of samples by themselves, then their sum.
 * The caller owns it.
 */
export function weightGradient(
  gpu: Gpu,
  x: Tensor,
  dy: Tensor,
  plan: Plan,
  shape: Shape = plan.weight,
): Tensor {
  const { groups, window, weight } = plan;
  const [batch, , ...image] = plan.x;
  const [, , ...positions] = plan.y;
  const channels = weight[0] / groups;
  const terms = weight[1];
  const tiles = Math.ceil(sizeOf(weight.slice(1)) / 4);
  const blocks = Math.ceil(channels / 4);
  const perChunk = tiles * blocks * groups;
  const chunks = Math.min(batch, Math.ceil(BUSY / perChunk));
  using partial = Tensor.empty(gpu, 'f32', [chunks * sizeOf(weight)]);
  gpu.dispatch({
    shader: weightShader,
    constants: { DEPTHWISE: Number(channels === 1) },
    bindings: [x, dy, partial].map((tensor) => tensor.binding),
    uniforms: [
      ...[...image, ...positions, ...slidesOf(window)],
      ...[batch, groups, channels, terms, chunks, tiles, blocks, perChunk * chunks],
    ].map(u32),
    workgroups: linearGrid(perChunk * chunks),
    flops: 2 * sizeOf(plan.y) * sizeOf(weight.slice(1)),
  });
  return sumToSize(gpu, partial.view([chunks, sizeOf(weight)]), [1, sizeOf(weight)], shape);
}

/** Gradient of the bias of images dy. The caller owns it. */
export function biasGradient(
  gpu: Gpu,
  dy: Tensor,
  [batch, channels, ...image]: ImageShape,
): Tensor {
  // Images first: there are more of them than channels, and each sum has an invocation.
  const images = dy.view([batch, channels, ...image]);
  using perImage = sumToSize(gpu, images, [batch, channels, 1, 1]);
  return sumToSize(gpu, perImage, [1, channels, 1, 1], [channels]);
}
