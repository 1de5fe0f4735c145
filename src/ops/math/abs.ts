import backwardShader from '../../../shaders/math/abs_backward.wgsl';
import shader from '../../../shaders/math/abs_forward.wgsl';
import { abs as signature } from '../../vocabulary/math/abs.ts';
import { unaryLauncher } from './elementwise.ts';

/** y = |x|, as torch.abs; the gradient at 0 is 0. x, y: f32 of any shape. */
export const abs = unaryLauncher(signature, shader, backwardShader);
