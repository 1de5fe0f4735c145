import shader from '../../../shaders/math/erf.wgsl';
import backwardShader from '../../../shaders/math/erf_backward.wgsl';
import { erf as signature } from '../../vocabulary/math/erf.ts';
import { unaryLauncher } from './elementwise.ts';

/**
 * y = erf(x), 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, as torch.erf. x, y: f32 of
 * any shape.
 */
export const erf = unaryLauncher(signature, shader, backwardShader);
