import { groupNorm as signature } from '../../vocabulary/nn/group_norm.ts';
import { launcher } from '../launcher.ts';
import { CHANNEL_NORM, normalized, normalizedGradients } from './channel-norm.ts';

/**
 * torch.nn.functional.group_norm: channels of a sample are normalized in `num_groups` groups, and
 * weighed one by one. x, y: f32 [N, C, ...]; weight, bias: f32 [C]. Mean and 1 / sqrt(variance +
 * eps) of each group are kept for the gradients. Throws ShapeError when shapes do not fit.
 */
export const groupNorm = launcher(signature, {
  ...CHANNEL_NORM,
  forward: (gpu, inputs, { num_groups, eps }) =>
    normalized(gpu, 'group_norm', inputs, num_groups, eps),
  backward: (gpu, { inputs, outputs, grads: { y: dy }, params: { num_groups }, wants }) =>
    normalizedGradients(gpu, 'group_norm', inputs, num_groups, { ...outputs, dy, wants }),
});
