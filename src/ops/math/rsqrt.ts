import shader from '../../../shaders/math/rsqrt.wgsl';
import backwardShader from '../../../shaders/math/rsqrt_backward.wgsl';
import { rsqrt as signature } from '../../vocabulary/math/rsqrt.ts';
import { unaryLauncher } from './elementwise.ts';

/** y = 1 / sqrt(x), as torch.rsqrt; of numbers below 0 it is none. x, y: f32 of any shape. */
export const rsqrt = unaryLauncher(signature, shader, backwardShader);
