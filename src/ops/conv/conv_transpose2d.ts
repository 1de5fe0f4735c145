import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { convTranspose2d as signature } from '../../vocabulary/conv/conv_transpose2d.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { biasGradient, type Plan, planOf, requireBias } from './convolution.ts';
import { CONVOLUTION, convolve, weightGradient } from './convolve.ts';
import { imagesOf } from './window.ts';

/**
 * torch.nn.functional.conv_transpose2d, with padding that may differ on the four sides: what conv2d
 * of y to x sends back to y. Float32. x: [N, C, H, W]; weight: [C, out / groups, kh, kw]; bias:
 * [out]; y: [N, out, H', W']. Gradients of x, weight and bias. Throws ShapeError when shapes do not
 * fit, and for an output padding that is not below the stride.
 */
export const convTranspose2d = launcher(signature, {
  variants: CONVOLUTION,
  forward: (gpu, { x, weight, bias }, params, variant) => {
    const plan = transposedPlan({ x, weight }, params);
    requireBias('conv_transpose2d', bias, plan.x[1]);
    const y = Tensor.empty(gpu, 'f32', plan.x);
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

/** The convolution that takes y to x. */
function transposedPlan(
  { x, weight }: InputsOf<typeof signature, Tensor>,
  { output_padding, ...settings }: ParamsOf<typeof signature>,
): Plan {
  const [batch, channels, ...image] = imagesOf('conv_transpose2d', x.shape);
  const [from, each = 0, ...kernel] = weight.shape;
  const { stride, padding, dilation, groups } = settings;
  const along = (d: 0 | 1): number =>
    (image[d] - 1) * stride[d] +
    dilation[d] * ((kernel[d] as number) - 1) +
    1 +
    output_padding[d] -
    padding[d] -
    padding[d === 0 ? 2 : 3];
  const y = [batch, each * groups, along(0), along(1)];
  const plan =
    from === channels ? planOf('conv_transpose2d', y, weight.shape, settings) : undefined;
  if (!plan || !sameShape(plan.y, x.shape))
    throw new ShapeError(
      `conv_transpose2d: x ${formatShape(x.shape)} and a weight ${formatShape(weight.shape)} do not fit with an output padding of ${formatShape(output_padding)}: the weight is [channels of x, out / groups, height, width], and the padding below the stride`,
    );
  return plan;
}
