import backwardShader from '../../../shaders/math/exp_backward.wgsl';
import shader from '../../../shaders/math/exp_forward.wgsl';
import { exp as signature } from '../../vocabulary/math/exp.ts';
import { unaryLauncher } from './elementwise.ts';

/** y = e^x, as torch.exp. x, y: f32 of any shape. */
export const exp = unaryLauncher(signature, shader, backwardShader);
