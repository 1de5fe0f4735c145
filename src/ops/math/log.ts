import backwardShader from '../../../shaders/math/log_backward.wgsl';
import shader from '../../../shaders/math/log_forward.wgsl';
import { log as signature } from '../../vocabulary/math/log.ts';
import { unaryLauncher } from './elementwise.ts';

/** y = ln x, as torch.log; of numbers below 0 it is none. x, y: f32 of any shape. */
export const log = unaryLauncher(signature, shader, backwardShader);
