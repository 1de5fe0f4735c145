import shader from '../../../shaders/math/clip.wgsl';
import backwardShader from '../../../shaders/math/clip_backward.wgsl';
import { clip as signature } from '../../vocabulary/math/clip.ts';
import { unaryLauncher } from './elementwise.ts';

/**
 * y = x between `min` and `max`, as torch.clamp: where they cross, `max`. The gradient passes
 * between them, neither included. x, y: f32 of any shape.
 */
export const clip = unaryLauncher(
  signature,
  shader,
  backwardShader,
  ({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }) => [min, max],
);
