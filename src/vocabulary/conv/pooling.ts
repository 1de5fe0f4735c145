import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { flag, float, type Known, off, padding, pair } from '../rules.ts';
import { slid, type Window } from '../shapes.ts';
import { imageSize, images, NO_PADDING } from './image.ts';

/** Parameters of the poolings. */
export const pool = v.strictObject({
  kernel: pair,
  /** Default kernel. */
  stride: v.optional(pair),
  padding: v.optional(padding, NO_PADDING),
  dilation: v.optional(pair, 1),
  /** Whether the zeros of the padding count in a mean. What lies past the padding never does. */
  count_include_pad: v.optional(flag, true),
  /** Round the number of windows up, where the last starts inside of x or its leading padding. */
  ceil_mode: off,
});
export type Pooling = v.InferOutput<typeof pool>;

/** Shape of what a pooling gives. */
export function pooled({ shape, params }: Known<Pooling>): Shape {
  const window: Window = {
    ...params,
    stride: params.stride ?? params.kernel,
    ceilMode: params.ceil_mode,
  };
  return [...shape('x').slice(0, -2), ...slid(imageSize(shape('x')), window)];
}

/** Tensors of a pooling. */
export const pooling = {
  inputs: { x: images<Pooling>() },
  outputs: { y: float(pooled) },
  gradients: ['x'],
} as const;
