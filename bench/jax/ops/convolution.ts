import { conv2d } from '../../../src/vocabulary/conv/conv2d.ts';
import { convolutionOf, phasedConvolutionOf } from '../convolution.ts';
import { jaxOp, ONE_SETTING } from '../op.ts';

/** The setting whose strided convolutions have right gradients. */
const PHASED = 'jit, strides as channels';

export const ops = [
  jaxOp(
    conv2d,
    ({ x, weight, bias }, params, setting) => {
      const y =
        setting === PHASED
          ? phasedConvolutionOf(x, weight, params)
          : convolutionOf(x, weight, params);
      return { y: bias ? y.add(bias.reshape([-1, 1, 1])) : y };
    },
    {
      settings: ({ tensors: { x }, params: { stride, dilation } }) => {
        if (x.shape.length < 4) return { reason: 'its convolutions need a batch' };
        return Math.max(...stride) > 1 && Math.max(...dilation) === 1
          ? [...ONE_SETTING, PHASED]
          : ONE_SETTING;
      },
    },
  ),
];
