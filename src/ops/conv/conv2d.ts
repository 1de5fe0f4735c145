import shader from '../../../shaders/conv/conv2d.wgsl';
import weightShader from '../../../shaders/conv/conv2d_weight.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { conv2d as signature } from '../../vocabulary/conv/conv2d.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { sumToSize } from '../math/sum.ts';
import { type ImageShape, imagesOf, outputSize, type Pair, type Window } from './window.ts';

/**
 * torch.nn.functional.conv2d, with padding that may differ on the four sides. Float32. x: [N, C, H,
 * W]; weight: [out, C / groups, kh, kw]; bias: [out]; y: [N, out, H', W']. The gradients of x,
 * weight and bias are sums in a fixed order. Throws ShapeError when shapes do not fit.
 */
export const conv2d = launcher(signature, {
  variants: {
    register: {
      kernels: ['conv/conv2d', 'conv/conv2d_weight', 'math/reduce_sum'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, inputs, params) => {
    const plan = planOf(inputs, params);
    const y = Tensor.empty(gpu, 'f32', plan.y);
    convolve(
      gpu,
      { source: inputs.x, weight: inputs.weight, bias: inputs.bias, target: y },
      plan,
      false,
    );
    return { y };
  },
  backward: (gpu, { inputs, grads, params, wants }) => {
    const plan = planOf(inputs, params);
    const { y: dy } = grads;
    const { x, weight, bias } = inputs;
    const gradients: { x?: Tensor; weight?: Tensor; bias?: Tensor } = {};
    if (wants.has('x')) {
      const dx = Tensor.empty(gpu, 'f32', x.shape);
      convolve(gpu, { source: dy, weight, target: dx }, plan, true);
      gradients.x = dx;
    }
    if (wants.has('weight')) gradients.weight = weightGradient(gpu, x, dy, plan);
    if (bias && wants.has('bias')) {
      // Images first: there are more of them than channels, and each sum has an invocation.
      using perImage = sumToSize(gpu, dy, [...plan.y.slice(0, 2), 1, 1]);
      gradients.bias = sumToSize(gpu, perImage, [1, plan.y[1], 1, 1], bias.shape);
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

function planOf(
  { x, weight, bias }: InputsOf<typeof signature, Tensor>,
  { stride, padding, dilation, groups }: ParamsOf<typeof signature>,
): Plan {
  const images = imagesOf('conv2d', x.shape);
  const [out, inner, ...kernel] = weight.shape as readonly [number, number, ...number[]];
  if (weight.shape.length !== 4 || images[1] !== inner * groups || out % groups !== 0) {
    const shapes = `x ${formatShape(x.shape)} and a weight ${formatShape(weight.shape)}`;
    throw new ShapeError(
      `conv2d: ${shapes} do not fit in ${groups} groups: the weight is [out, channels of x / groups, height, width]`,
    );
  }
  if (bias && !sameShape(bias.shape, [out]))
    throw new ShapeError(`conv2d: bias is ${formatShape(bias.shape)} and should be ${out}`);
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

/**
 * target = the convolution of source, or the transposed one, which takes a gradient of y to that of
 * x.
 */
function convolve(
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

/** Gradient of the weight: chunks of samples by themselves, then their sum. */
function weightGradient(gpu: Gpu, x: Tensor, dy: Tensor, plan: Plan): Tensor {
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
  return sumToSize(gpu, partial.view([chunks, sizeOf(weight)]), [1, sizeOf(weight)], weight);
}
