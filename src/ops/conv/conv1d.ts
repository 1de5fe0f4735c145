import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { conv1d as signature } from '../../vocabulary/conv/conv1d.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { biasGradient, type Plan, planOf, requireBias } from './convolution.ts';
import { CONVOLUTION, convolve, weightGradient } from './convolve.ts';
import { batchedAs } from './window.ts';

/**
 * torch.nn.functional.conv1d, with padding that may differ on the two sides: conv2d of images of
 * one row. Float32. x: [N, C, L], or [C, L]; weight: [out, C / groups, k]; bias: [out]; y: [N, out,
 * L'], or without N as x. Gradients of x, weight and bias. Throws ShapeError when shapes do not fit.
 */
export const conv1d = launcher(signature, {
  variants: CONVOLUTION,
  storage: { widens: true },
  forward: (gpu, { x, weight, bias }, params, variant) => {
    const plan = rowPlan(x.shape, weight.shape, params);
    requireBias('conv1d', bias, plan.y[1]);
    const y = Tensor.empty(gpu, 'f32', batchedAs(asRow(x.shape), plan.y).toSpliced(-2, 1));
    convolve(gpu, { source: x, weight, bias, target: y }, plan, false, variant);
    return { y };
  },
  backward: (gpu, { inputs: { x, weight, bias }, grads: { y: dy }, params, wants }, variant) => {
    const plan = rowPlan(x.shape, weight.shape, params);
    const gradients: { x?: Tensor; weight?: Tensor; bias?: Tensor } = {};
    if (wants.has('x')) {
      gradients.x = Tensor.empty(gpu, 'f32', x.shape);
      convolve(gpu, { source: dy, weight, target: gradients.x }, plan, true, variant);
    }
    if (wants.has('weight'))
      gradients.weight = weightGradient(gpu, x, dy, plan, variant, weight.shape);
    if (bias && wants.has('bias')) gradients.bias = biasGradient(gpu, dy, plan.y);
    return gradients;
  },
});

/** As images of one row. */
const asRow = (shape: Shape): Shape => shape.toSpliced(-1, 0, 1);

/** Both as images of one row. */
function rowPlan(
  x: Shape,
  weight: Shape,
  { stride, padding: [before, after], dilation, groups }: ParamsOf<typeof signature>,
): Plan {
  if ((x.length !== 2 && x.length !== 3) || weight.length !== 3)
    throw new ShapeError(
      `conv1d: x is ${formatShape(x)} and should be [N, C, L], or [C, L] for one signal; the weight is ${formatShape(weight)} and should be [out, C / groups, k]`,
    );
  return planOf('conv1d', asRow(x), asRow(weight), {
    stride: [1, stride],
    padding: [0, before, 0, after],
    dilation: [1, dilation],
    groups,
  });
}
