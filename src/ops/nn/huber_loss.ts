import shader from '../../../shaders/nn/huber_loss.wgsl';
import slopeShader from '../../../shaders/nn/huber_loss_backward.wgsl';
import { huberLoss as signature } from '../../vocabulary/nn/huber_loss.ts';
import { ofDifference, pairLossLauncher, withNumbers } from './pair-loss.ts';

/**
 * torch.nn.functional.huber_loss. input, target: f32 of one shape; loss: [1], or their shape without
 * reduction. Throws ShapeError.
 */
export const huberLoss = pairLossLauncher(signature, {
  ...ofDifference(shader, slopeShader),
  run: withNumbers(({ delta }) => [delta]),
});
