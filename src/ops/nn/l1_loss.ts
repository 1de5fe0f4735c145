import shader from '../../../shaders/nn/l1_loss.wgsl';
import slopeShader from '../../../shaders/nn/l1_loss_backward.wgsl';
import { l1Loss as signature } from '../../vocabulary/nn/l1_loss.ts';
import { ofDifference, pairLossLauncher } from './pair-loss.ts';

/**
 * torch.nn.functional.l1_loss. input, target: f32 of one shape; loss: [1], or their shape without
 * reduction. Throws ShapeError.
 */
export const l1Loss = pairLossLauncher(signature, ofDifference(shader, slopeShader));
