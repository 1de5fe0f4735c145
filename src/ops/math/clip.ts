import shader from '../../../shaders/math/clip.wgsl';
import backwardShader from '../../../shaders/math/clip_backward.wgsl';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { binary, unary } from './elementwise.ts';

/** Parameters of {@link clip}. */
export interface ClipParams {
  /** Default none. */
  readonly min?: number | undefined;
  /** Default none. */
  readonly max?: number | undefined;
}

const bounds = ({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: ClipParams) => [min, max] as const;

/**
 * y = x between `min` and `max`, as torch.clamp: where they cross, `max`. The gradient passes between them, neither included.
 * x, y: f32 of any shape.
 */
export const clip = defineOp<'x', never, 'y', ClipParams>({
  name: 'clip',
  variants: { vec4: { kernels: ['math/clip', 'math/clip_backward'], depth: () => 1 } },
  forward: (gpu, { x }, params) => ({ y: unary(gpu, shader, x, bounds(params)) }),
  backward: (gpu, { inputs: { x }, grads, params, wants }): Readonly<Record<string, Tensor>> =>
    wants.has('x') ? { x: binary(gpu, backwardShader, x, grads.y as Tensor, bounds(params)) } : {},
});
