import shader from '../../../shaders/math/sigmoid.wgsl';
import backwardShader from '../../../shaders/math/sigmoid_backward.wgsl';
import { sigmoid as signature } from '../../vocabulary/math/sigmoid.ts';
import { unaryLauncher } from './elementwise.ts';

/** y = 1 / (1 + exp(-x)), as torch.sigmoid. x, y: f32 of any shape. */
export const sigmoid = unaryLauncher(signature, shader, backwardShader);
