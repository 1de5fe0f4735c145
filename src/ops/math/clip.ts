import shader from '../../../shaders/math/clip.wgsl';
import backwardShader from '../../../shaders/math/clip_backward.wgsl';
import integerShader from '../../../shaders/math/integer_clip.wgsl';
import { GradproofError } from '../../errors.ts';
import { clip as signature } from '../../vocabulary/math/clip.ts';
import { unaryLauncher } from './elementwise.ts';

const LOWEST = -(2 ** 31);
const HIGHEST = 2 ** 31 - 1;

/** A bound as integers of 32 bits meet it. */
function integer(bound: number): number {
  if (!Number.isInteger(bound))
    throw new GradproofError(
      'bad-params',
      `clip: ${bound} is no bound of integers: cast x, or give a whole number`,
    );
  return Math.min(Math.max(bound, LOWEST), HIGHEST);
}

/**
 * y = x between `min` and `max`, as torch.clamp: where they cross, `max`. The gradient passes
 * between them, neither included. x, y: f32 or integers of any shape. Throws GradproofError
 * `bad-params` for integers between other numbers.
 */
export const clip = unaryLauncher(
  signature,
  shader,
  backwardShader,
  ({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }) => [min, max],
  {
    shader: integerShader,
    numbers: ({ min = LOWEST, max = HIGHEST }) => [integer(min), integer(max)],
  },
);
