import { Tensor } from '../../tensor/tensor.ts';
import { conv2d as signature } from '../../vocabulary/conv/conv2d.ts';
import { launcher } from '../launcher.ts';
import { biasGradient, planOf, requireBias } from './convolution.ts';
import { CONVOLUTION, convolve, weightGradient } from './convolve.ts';
import { batchedAs } from './window.ts';

/**
 * torch.nn.functional.conv2d, with padding that may differ on the four sides. Float32. x: [N, C, H,
 * W], or [C, H, W]; weight: [out, C / groups, kh, kw]; bias: [out]; y: [N, out, H', W'], or without
 * N as x. The gradients of x, weight and bias are sums in a fixed order. Throws ShapeError when
 * shapes do not fit.
 */
export const conv2d = launcher(signature, {
  variants: CONVOLUTION,
  storage: { widens: true },
  forward: (gpu, { x, weight, bias }, params, variant) => {
    const plan = planOf('conv2d', x.shape, weight.shape, params);
    requireBias('conv2d', bias, plan.y[1]);
    const y = Tensor.empty(gpu, 'f32', batchedAs(x.shape, plan.y));
    convolve(gpu, { source: x, weight, bias, target: y }, plan, false, variant);
    return { y };
  },
  backward: (gpu, { inputs: { x, weight, bias }, grads: { y: dy }, params, wants }, variant) => {
    const plan = planOf('conv2d', x.shape, weight.shape, params);
    const gradients: { x?: Tensor; weight?: Tensor; bias?: Tensor } = {};
    if (wants.has('x')) {
      gradients.x = Tensor.empty(gpu, 'f32', x.shape);
      convolve(gpu, { source: dy, weight, target: gradients.x }, plan, true, variant);
    }
    if (wants.has('weight')) gradients.weight = weightGradient(gpu, x, dy, plan, variant);
    if (bias && wants.has('bias')) gradients.bias = biasGradient(gpu, dy, plan.y);
    return gradients;
  },
});
