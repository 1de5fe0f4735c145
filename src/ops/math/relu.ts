import shader from '../../../shaders/math/relu.wgsl';
import backwardShader from '../../../shaders/math/relu_backward.wgsl';
import { unaryOp } from './elementwise.ts';

/** y = x, and 0 where x is negative, as torch.nn.functional.relu; the gradient passes where x is positive. x, y: f32 of any shape. */
export const relu = unaryOp('relu', shader, backwardShader);
