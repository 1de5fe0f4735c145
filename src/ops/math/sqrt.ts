import backwardShader from '../../../shaders/math/sqrt_backward.wgsl';
import shader from '../../../shaders/math/sqrt_forward.wgsl';
import { sqrt as signature } from '../../vocabulary/math/sqrt.ts';
import { unaryLauncher } from './elementwise.ts';

/**
 * y = the square root of x, as torch.sqrt; of numbers below 0 it is none. x, y: f32 of any shape.
 */
export const sqrt = unaryLauncher(signature, shader, backwardShader);
