import shader from '../../../shaders/nn/kl_div.wgsl';
import inputShader from '../../../shaders/nn/kl_div_backward_input.wgsl';
import targetShader from '../../../shaders/nn/kl_div_backward_target.wgsl';
import { klDiv as signature } from '../../vocabulary/nn/kl_div.ts';
import { pairLossLauncher, withNumbers } from './pair-loss.ts';

/**
 * torch.nn.functional.kl_div: where target is 0, the loss is, and the gradient of target is not a
 * number. input, target: f32 of one shape; loss: [1], or their shape without reduction.
 * Throws ShapeError.
 */
export const klDiv = pairLossLauncher(signature, {
  loss: shader,
  input: { shader: inputShader, sign: 1 },
  target: { shader: targetShader, sign: 1 },
  run: withNumbers(({ log_target }) => [Number(log_target)]),
});
