import integerShader from '../../../shaders/math/integer_clip.wgsl';
import shader from '../../../shaders/math/relu.wgsl';
import backwardShader from '../../../shaders/math/relu_backward.wgsl';
import { relu as signature } from '../../vocabulary/math/relu.ts';
import { unaryLauncher } from './elementwise.ts';

/**
 * y = x, and 0 where x is negative, as torch.nn.functional.relu; the gradient passes where x is
 * positive. x, y: f32 or integers of any shape.
 */
export const relu = unaryLauncher(signature, shader, backwardShader, () => [], {
  shader: integerShader,
  numbers: () => [0, 2 ** 31 - 1],
});
