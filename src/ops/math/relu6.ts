import shader from '../../../shaders/math/relu6.wgsl';
import backwardShader from '../../../shaders/math/relu6_backward.wgsl';
import { relu6 as signature } from '../../vocabulary/math/relu6.ts';
import { unaryLauncher } from './elementwise.ts';

/**
 * y = x between 0 and 6, as torch.nn.functional.relu6; the gradient passes between them. x, y: f32
 * of any shape.
 */
export const relu6 = unaryLauncher(signature, shader, backwardShader);
