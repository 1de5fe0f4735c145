import backwardShader from '../../../shaders/math/abs_backward.wgsl';
import shader from '../../../shaders/math/abs_forward.wgsl';
import integerShader from '../../../shaders/math/integer_abs.wgsl';
import { abs as signature } from '../../vocabulary/math/abs.ts';
import { unaryLauncher } from './elementwise.ts';

/** y = |x|, as torch.abs; the gradient at 0 is 0. x, y: f32 or
 * integers of any shape; the lowest of a type stays as it is. */
export const abs = unaryLauncher(signature, shader, backwardShader, undefined, {
  shader: integerShader,
  numbers: () => [],
});
