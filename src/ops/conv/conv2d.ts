import shader from '../../../shaders/conv/conv2d.wgsl';
import weightShader from '../../../shaders/conv/conv2d_weight.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { sumToSize } from '../math/sum.ts';
import { defineOp, type Inputs } from '../op.ts';
import { type ImageShape, imagesOf, outputSize, type Padding, type Pair, type Window } from './window.ts';

/** Parameters of {@link conv2d}, as torch names them. */
export interface Conv2dParams {
  /** Default [1, 1]. */
  readonly stride?: Pair;
  /** Zeros around x: top, left, bottom, right. Default none. */
  readonly padding?: Padding;
  /** Default [1, 1]. */
  readonly dilation?: Pair;
  /** Parts into which the channels of x and y are divided, each on its own. Default 1. */
  readonly groups?: number;
}

/**
 * torch.nn.functional.conv2d, with padding that may differ on the four sides. Float32. x: [N, C, H, W]; weight: [out, C / groups, kh, kw];
 * bias: [out]; y: [N, out, H', W']. The gradients of x, weight and bias are sums in a fixed order. Throws ShapeError when shapes do not fit.
 */
export const conv2d = defineOp<'x' | 'weight', 'bias', 'y', Conv2dParams>({
  name: 'conv2d',
  variants: { register: { kernels: ['conv/conv2d', 'conv/conv2d_weight', 'math/reduce_sum'], depth: (terms) => terms } },
  forward: (gpu, inputs, params) => {
    const plan = planOf(inputs, params);
    const y = Tensor.empty(gpu, 'f32', plan.y);
    convolve(gpu, { source: inputs.x, weight: inputs.weight, bias: inputs.bias, target: y }, plan, false);
    return { y };
  },
  backward: (gpu, { inputs, grads, params, wants }) => {
    const plan = planOf(inputs, params);
    const dy = grads.y as Tensor;
    const { x, weight, bias } = inputs;
    const gradients: Record<string, Tensor> = {};
    if (wants.has('x')) {
      const dx = Tensor.empty(gpu, 'f32', x.shape);
      convolve(gpu, { source: dy, weight, target: dx }, plan, true);
      gradients['x'] = dx;
    }
    if (wants.has('weight')) gradients['weight'] = weightGradient(gpu, x, dy, plan);
    if (bias && wants.has('bias')) {
      // Images first: there are more of them than channels, and each sum has an invocation.
      using perImage = sumToSize(gpu, dy, [...plan.y.slice(0, 2), 1, 1]);
      gradients['bias'] = sumToSize(gpu, perImage, [1, plan.y[1], 1, 1], bias.shape);
    }
    return gradients;
  },
});

interface Plan {
  readonly x: ImageShape;
  readonly y: ImageShape;
  readonly weight: ImageShape;
  readonly window: Window;
  readonly groups: number;
}

function planOf({ x, weight, bias }: Inputs<'x' | 'weight', 'bias'>, params: Conv2dParams): Plan {
  const { stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], groups = 1 } = params;
  const images = imagesOf('conv2d', x.shape);
  const [out = 0, inner, ...kernel] = weight.shape;
  if (weight.shape.length !== 4 || images[1] !== (inner as number) * groups || out % groups !== 0) {
    const shapes = `x ${formatShape(x.shape)} and a weight ${formatShape(weight.shape)}`;
    throw new ShapeError(`conv2d: ${shapes} do not fit in ${groups} groups: the weight is [out, channels of x / groups, height, width]`);
  }
  if (bias && !sameShape(bias.shape, [out])) throw new ShapeError(`conv2d: bias is ${formatShape(bias.shape)} and should be ${out}`);
  const window = { kernel: kernel as unknown as Pair, stride, padding, dilation };
  const y = [images[0], out, ...outputSize('conv2d', images, window)] as const;
  return { x: images, y, weight: weight.shape as unknown as ImageShape, window, groups };
}

interface Operands {
  readonly source: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
  readonly target: Tensor;
}

/** target = the convolution of source, or the transposed one, which takes a gradient of y to that of x. */
function convolve(gpu: Gpu, { source, weight, bias, target }: Operands, plan: Plan, transposed: boolean): void {
  const { groups, window, weight: shape } = plan;
  const [from, to] = transposed ? [plan.y, plan.x] : [plan.x, plan.y];
  const [channels, terms] = [to[1] / groups, from[1] / groups];
  const taps = sizeOf(window.kernel);
  const [wChannel, wTerm] = transposed ? [taps, channels * taps] : [terms * taps, taps];
  const [tiles, blocks] = [Math.ceil((to[2] * to[3]) / 4), Math.ceil(channels / 4)];
  const count = tiles * blocks * groups * to[0];
  gpu.dispatch({
    shader,
    constants: { DEPTHWISE: Number(channels === 1), TRANSPOSED: Number(transposed) },
    bindings: [source, weight, bias ?? weight, target].map((tensor) => tensor.binding),
    uniforms: [
      ...[from[2], from[3], to[2], to[3], ...slidesOf(window)],
      ...[groups, channels, terms, wChannel, wTerm, Number(bias !== undefined), tiles, blocks, count],
    ].map(u32),
    workgroups: spread(Math.ceil(count / 64)),
    flops: 2 * sizeOf(plan.y) * sizeOf(shape.slice(1)),
  });
}

function slidesOf({ kernel, stride, padding, dilation }: Window): number[] {
  return [...kernel, ...stride, padding[0], padding[1], ...dilation];
}

/** Invocations below which a GPU has nothing to do: a sum is then cut into chunks of samples. */
const BUSY = 4096;

/** Gradient of the weight: chunks of samples by themselves, then their sum. */
function weightGradient(gpu: Gpu, x: Tensor, dy: Tensor, plan: Plan): Tensor {
  const { groups, window, weight } = plan;
  const [batch] = plan.x;
  const [channels, terms] = [weight[0] / groups, weight[1]];
  const [tiles, blocks] = [Math.ceil(sizeOf(weight.slice(1)) / 4), Math.ceil(channels / 4)];
  const perChunk = tiles * blocks * groups;
  const chunks = Math.max(1, Math.min(batch, Math.ceil(BUSY / perChunk)));
  using partial = Tensor.empty(gpu, 'f32', [chunks, ...weight]);
  gpu.dispatch({
    shader: weightShader,
    constants: { DEPTHWISE: Number(channels === 1) },
    bindings: [x, dy, partial].map((tensor) => tensor.binding),
    uniforms: [
      ...[plan.x[2], plan.x[3], plan.y[2], plan.y[3], ...slidesOf(window)],
      ...[batch, groups, channels, terms, chunks, tiles, blocks, perChunk * chunks],
    ].map(u32),
    workgroups: spread(Math.ceil((perChunk * chunks) / 64)),
    flops: 2 * sizeOf(plan.y) * sizeOf(weight.slice(1)),
  });
  return sumToSize(gpu, partial.view([chunks, sizeOf(weight)]), [1, sizeOf(weight)], weight);
}
