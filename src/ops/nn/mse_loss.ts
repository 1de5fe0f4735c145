import shader from '../../../shaders/nn/mse_loss.wgsl';
import slopeShader from '../../../shaders/nn/mse_loss_backward.wgsl';
import { mseLoss as signature } from '../../vocabulary/nn/mse_loss.ts';
import { ofDifference, pairLossLauncher } from './pair-loss.ts';

/**
 * torch.nn.functional.mse_loss. input, target: f32 of one shape; loss: [1], or their shape without
 * reduction. Throws ShapeError.
 */
export const mseLoss = pairLossLauncher(signature, ofDifference(shader, slopeShader));
