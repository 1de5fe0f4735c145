import shader from '../../../shaders/math/relu6.wgsl';
import backwardShader from '../../../shaders/math/relu6_backward.wgsl';
import { unaryOp } from './elementwise.ts';

/** y = x between 0 and 6, as torch.nn.functional.relu6; the gradient passes between them. x, y: f32 of any shape. */
export const relu6 = unaryOp('relu6', shader, backwardShader);
