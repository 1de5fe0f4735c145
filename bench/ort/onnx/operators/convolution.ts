import type { HostTensor } from '../../../../src/tensor/host.ts';
import { avgPool2d } from '../../../../src/vocabulary/conv/avg_pool2d.ts';
import { convTranspose2d } from '../../../../src/vocabulary/conv/conv_transpose2d.ts';
import { conv1d } from '../../../../src/vocabulary/conv/conv1d.ts';
import { conv2d } from '../../../../src/vocabulary/conv/conv2d.ts';
import { globalAvgPool2d } from '../../../../src/vocabulary/conv/global_avg_pool2d.ts';
import { maxPool2d } from '../../../../src/vocabulary/conv/max_pool2d.ts';
import type { Pooling } from '../../../../src/vocabulary/conv/pooling.ts';
import { operator } from '../operator.ts';

/** The WebGPU provider's own layouts; the graph is the same. */
export const LAYOUTS: readonly string[] = ['NHWC', 'NCHW'];

/** What has been asked of an operator of images, or of signals of three dimensions with their batch. */
interface Asked {
  readonly tensors: { readonly x?: HostTensor };
}

const WITHOUT_BATCH = { reason: 'its operators of images need a batch' };
const layoutsOf =
  (dimensions: number) =>
  ({ tensors: { x } }: Asked) =>
    x?.shape.length === dimensions ? LAYOUTS : WITHOUT_BATCH;
const layouts = layoutsOf(4);

/** It takes no more padding than windows, and with `ceil_mode` counts them in another way. */
const poolingLayouts = ({ tensors, params }: Asked & { readonly params: Pooling }) => {
  const { ceil_mode, padding, kernel } = params;
  if (ceil_mode) return { reason: 'its ceil_mode counts windows in another way' };
  return padding.every((side, d) => side < (kernel[d % 2] as number))
    ? layouts({ tensors })
    : { reason: 'its paddings are smaller than its windows' };
};

const window = ({ kernel, stride, padding, dilation }: Pooling) => ({
  kernel_shape: kernel,
  strides: stride ?? kernel,
  pads: padding,
  dilations: dilation,
});

export const operators = [
  operator(
    conv2d,
    ({ graph, fed, kept, keptIfThere, params: { stride, padding, dilation, groups } }) => ({
      y: graph.node('Conv', [fed('x'), kept('weight'), keptIfThere('bias')], {
        strides: stride,
        pads: padding,
        dilations: dilation,
        group: groups,
      }),
    }),
    layouts,
  ),
  operator(
    conv1d,
    ({ graph, fed, kept, keptIfThere, params: { stride, padding, dilation, groups } }) => ({
      y: graph.node('Conv', [fed('x'), kept('weight'), keptIfThere('bias')], {
        strides: [stride],
        pads: padding,
        dilations: [dilation],
        group: groups,
      }),
    }),
    layoutsOf(3),
  ),
  operator(
    convTranspose2d,
    ({ graph, fed, kept, keptIfThere, params }) => ({
      y: graph.node('ConvTranspose', [fed('x'), kept('weight'), keptIfThere('bias')], {
        strides: params.stride,
        pads: params.padding,
        output_padding: params.output_padding,
        dilations: params.dilation,
        group: params.groups,
      }),
    }),
    ({ tensors, params: { output_padding, stride } }) =>
      output_padding.every((side, d) => side < (stride[d] as number))
        ? layouts({ tensors })
        : { reason: 'its output paddings are below its strides' },
  ),
  operator(
    maxPool2d,
    ({ graph, fed, params }) => ({ y: graph.node('MaxPool', [fed('x')], window(params)) }),
    poolingLayouts,
  ),
  operator(
    avgPool2d,
    ({ graph, fed, params }) => ({
      y: graph.node('AveragePool', [fed('x')], {
        ...window(params),
        count_include_pad: params.count_include_pad ? 1 : 0,
      }),
    }),
    poolingLayouts,
  ),
  operator(
    globalAvgPool2d,
    ({ graph, fed }) => ({ y: graph.node('GlobalAveragePool', [fed('x')]) }),
    layouts,
  ),
];
