import shader from '../../../shaders/nn/smooth_l1_loss.wgsl';
import slopeShader from '../../../shaders/nn/smooth_l1_loss_backward.wgsl';
import { smoothL1Loss as signature } from '../../vocabulary/nn/smooth_l1_loss.ts';
import { ofDifference, pairLossLauncher, withNumbers } from './pair-loss.ts';

/**
 * torch.nn.functional.smooth_l1_loss. input, target: f32 of one shape; loss: [1], or their shape without
 * reduction. Throws ShapeError.
 */
export const smoothL1Loss = pairLossLauncher(signature, {
  ...ofDifference(shader, slopeShader),
  run: withNumbers(({ beta }) => [beta]),
});
