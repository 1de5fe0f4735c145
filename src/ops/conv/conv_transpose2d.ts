import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { convTranspose2d as signature } from '../../vocabulary/conv/conv_transpose2d.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { biasGradient, type Plan, requireBias } from './convolution.ts';
import { CONVOLUTION, convolve, weightGradient } from './convolve.ts';
import { batchedAs, type ImageShape, imagesOf, type Pair } from './window.ts';

/**
 * torch.nn.functional.conv_transpose2d, with padding that may differ on the four sides: what conv2d
 * of y to x sends back to y. Float32. x: [N, C, H, W], or [C, H, W]; weight: [C, out / groups, kh,
 * kw]; bias: [out]; y: [N, out, H', W'], or without N as x. Gradients of x, weight and bias. Throws
 * ShapeError when shapes do not fit, and for an output padding that is below neither the stride nor
 * the dilation.
 */
export const convTranspose2d = launcher(signature, {
  variants: CONVOLUTION,
  storage: { widens: true },
  forward: (gpu, { x, weight, bias }, params, variant) => {
    const plan = transposedPlan({ x, weight }, params);
    requireBias('conv_transpose2d', bias, plan.x[1]);
    const y = Tensor.empty(gpu, 'f32', batchedAs(x.shape, plan.x));
    convolve(gpu, { source: x, weight, bias, target: y }, plan, true, variant);
    return { y };
  },
  backward: (gpu, { inputs: { x, weight, bias }, grads: { y: dy }, params, wants }, variant) => {
    const plan = transposedPlan({ x, weight }, params);
    const gradients: { x?: Tensor; weight?: Tensor; bias?: Tensor } = {};
    if (wants.has('x')) {
      gradients.x = Tensor.empty(gpu, 'f32', x.shape);
      convolve(gpu, { source: dy, weight, target: gradients.x }, plan, false, variant);
    }
    if (wants.has('weight')) gradients.weight = weightGradient(gpu, dy, x, plan, variant);
    if (bias && wants.has('bias')) gradients.bias = biasGradient(gpu, dy, plan.x);
    return gradients;
  },
});

/**
 * The convolution that takes y to x. With an output padding of a step or more it has fewer windows
 * than would fit.
 */
function transposedPlan(
  { x, weight }: InputsOf<typeof signature, Tensor>,
  { output_padding, ...settings }: ParamsOf<typeof signature>,
): Plan {
  const images = imagesOf('conv_transpose2d', x.shape);
  const [from, each = 0, ...kernel] = weight.shape;
  const { stride, padding, dilation, groups } = settings;
  const along = (d: 0 | 1): number =>
    ((images[d + 2] as number) - 1) * stride[d] +
    dilation[d] * ((kernel[d] as number) - 1) +
    1 +
    output_padding[d] -
    padding[d] -
    (padding[d + 2] as number);
  const size = [along(0), along(1)] as const;
  const fit =
    weight.shape.length === 4 &&
    from === images[1] &&
    from % groups === 0 &&
    size.every((n) => n > 0) &&
    output_padding.every((n, d) => n < Math.max(stride[d] as number, dilation[d] as number));
  if (!fit)
    throw new ShapeError(
      `conv_transpose2d: x ${formatShape(x.shape)} and a weight ${formatShape(weight.shape)} do not fit in ${groups} groups, with a padding of ${formatShape(padding)} and an output padding of ${formatShape(output_padding)}: the weight is [channels of x, out / groups, height, width], the padding leaves something, and what is added is below the stride or the dilation`,
    );
  return {
    x: [images[0], each * groups, ...size],
    y: images,
    weight: weight.shape as unknown as ImageShape,
    window: { kernel: kernel as unknown as Pair, stride, padding, dilation },
    groups,
  };
}
