import shader from '../../../shaders/math/sigmoid.wgsl';
import backwardShader from '../../../shaders/math/sigmoid_backward.wgsl';
import { unaryOp } from './elementwise.ts';

/** y = 1 / (1 + exp(-x)), as torch.sigmoid. x, y: f32 of any shape. */
export const sigmoid = unaryOp('sigmoid', shader, backwardShader);
