import { conv2d } from '../../vocabulary/conv/conv2d.ts';
import { opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

interface Convolution {
  readonly kernel: number;
  readonly channels: readonly [from: number, to: number];
  /** Side of the input. */
  readonly side: number;
  readonly stride?: number;
  /** Every channel by itself. */
  readonly depthwise?: boolean;
  readonly quick?: boolean;
  /** Whether the first layer, whose input needs no gradient. */
  readonly isFirst?: boolean;
}

/** A convolution of one image, or with its gradients. */
export function convolution(
  { kernel, channels: [from, to], side, stride = 1, depthwise, quick, isFirst }: Convolution,
  backward: boolean,
): OpWork {
  const padding = Math.floor(kernel / 2);
  const out = Math.floor((side + 2 * padding - kernel) / stride) + 1;
  const weight = [to, depthwise ? 1 : from, kernel, kernel];
  const forward = 2 * out * out * to * (depthwise ? 1 : from) * kernel * kernel;
  const wants = isFirst ? ['weight'] : ['x', 'weight'];
  return opWork({
    op: conv2d,
    sizes: {
      kernel,
      from,
      to,
      side,
      ...(stride === 1 ? {} : { stride }),
      ...(depthwise ? { depthwise } : {}),
    },
    group: 'convolution',
    quick: quick === true && !backward,
    flops: forward * (backward ? 1 + wants.length : 1),
    params: {
      stride: [stride, stride],
      padding: [padding, padding, padding, padding],
      groups: depthwise ? from : 1,
    },
    inputs: { x: [1, from, side, side], weight },
    gives: { y: [1, to, out, out] },
    ...(backward ? { wants } : {}),
  });
}

/** Layers of ResNet-18, then of MobileNetV2. */
const LAYERS: readonly Convolution[] = [
  { kernel: 3, channels: [64, 64], side: 56 },
  { kernel: 3, channels: [128, 128], side: 28 },
  { kernel: 3, channels: [256, 256], side: 14 },
  { kernel: 3, channels: [512, 512], side: 7 },
  { kernel: 3, channels: [64, 128], side: 56, stride: 2 },
  { kernel: 1, channels: [64, 128], side: 56, stride: 2 },
  { kernel: 7, channels: [3, 64], side: 224, stride: 2, isFirst: true },
  { kernel: 1, channels: [24, 144], side: 56 },
  { kernel: 1, channels: [144, 24], side: 56, quick: true },
  { kernel: 1, channels: [320, 1280], side: 7 },
  { kernel: 3, channels: [144, 144], side: 56, depthwise: true, quick: true },
  { kernel: 3, channels: [144, 144], side: 56, stride: 2, depthwise: true },
  { kernel: 3, channels: [576, 576], side: 14, depthwise: true },
];

/** Convolutions of one image, forward alone and with the gradients of x and weight. */
export const works: readonly OpWork[] = LAYERS.flatMap((layer) =>
  [false, true].map((backward) => convolution(layer, backward)),
);
