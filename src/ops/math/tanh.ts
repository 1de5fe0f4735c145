import backwardShader from '../../../shaders/math/tanh_backward.wgsl';
import shader from '../../../shaders/math/tanh_forward.wgsl';
import { tanh as signature } from '../../vocabulary/math/tanh.ts';
import { unaryLauncher } from './elementwise.ts';

/** y = tanh x, as torch.tanh. x, y: f32 of any shape. */
export const tanh = unaryLauncher(signature, shader, backwardShader);
