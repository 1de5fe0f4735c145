import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../../../src/tensor/host.ts';
import { conv2d } from '../../../src/vocabulary/conv/conv2d.ts';
import type { ParamsOf } from '../../../src/vocabulary/signature.ts';
import { IM2COL } from '../device.ts';
import { tfOp } from '../op.ts';

type Params = ParamsOf<typeof conv2d>;

/** NCHW as NHWC, and kernels [out, in, h, w] as [h, w, in, out]. */
const CHANNELS_LAST = [0, 2, 3, 1];
const KERNEL = [2, 3, 1, 0];
/** Kernels [channels, 1, h, w] of every channel by itself as [h, w, channels, 1]. */
const DEPTHWISE_KERNEL = [2, 3, 0, 1];

const isDepthwise = (x: { readonly shape: readonly number[] }, { groups }: Params) =>
  groups > 1 && groups === x.shape[1];

/**
 * One number where all sides have it, which is what its gradient of depthwise kernels takes; none by
 * its name, since beside a number it takes every kernel for a square.
 */
function paddingOf({ padding: [top, left, bottom, right] }: Params) {
  if (![left, bottom, right].every((side) => side === top))
    return [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ] as const;
  return top === 0 ? 'valid' : top;
}

export const ops = [
  tfOp(
    conv2d,
    ({ x, weight, bias }, params) => {
      const padding = paddingOf(params) as number;
      const { stride, dilation, groups } = params;
      const convolve = groups > 1 ? tf.depthwiseConv2d : tf.conv2d;
      const y = convolve(x as tf.Tensor4D, weight as tf.Tensor4D, [...stride], padding, 'NHWC', [
        ...dilation,
      ]);
      return { y: bias ? tf.add(y, bias) : y };
    },
    {
      orders: ({ params: { groups } }: { readonly params: Params }) => ({
        x: CHANNELS_LAST,
        y: CHANNELS_LAST,
        weight: groups > 1 ? DEPTHWISE_KERNEL : KERNEL,
      }),
      settings: ({
        tensors: { x, weight },
        params,
      }: {
        readonly tensors: { readonly x: HostTensor; readonly weight: HostTensor };
        readonly params: Params;
      }) => {
        const { stride, dilation } = params;
        if (Math.max(...stride) > 1 && Math.max(...dilation) > 1)
          return { reason: 'its convolutions have strides or dilations, and not both' };
        if (stride[0] !== stride[1] && typeof paddingOf(params) === 'number')
          return { reason: 'beside one number of padding it takes the first stride for both' };
        if (params.groups === 1) return ['default', IM2COL];
        return isDepthwise(x, params) && weight.shape[0] === x.shape[1]
          ? ['default']
          : { reason: 'its convolutions have one group, or one of every channel' };
      },
    },
  ),
];
