import { GradproofError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { instanceNorm as signature } from '../../vocabulary/nn/instance_norm.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { CHANNEL_NORM, normalized, normalizedGradients } from './channel-norm.ts';

/** Each channel is a group; a tensor without channels is refused where shapes are. */
const channelsOf = ({ x }: InputsOf<typeof signature, Tensor>): number => x.shape[1] ?? 1;

/**
 * torch.nn.functional.instance_norm without running statistics: group_norm of as many groups as
 * there are channels. Throws GradproofError `bad-params` for running statistics.
 */
export const instanceNorm = launcher(signature, {
  ...CHANNEL_NORM,
  forward: (gpu, inputs, { eps, use_input_stats }) => {
    if (!use_input_stats)
      throw new GradproofError(
        'bad-params',
        'instance_norm: use_input_stats is false; running statistics are those of batch_norm',
      );
    return normalized(gpu, 'instance_norm', inputs, channelsOf(inputs), eps);
  },
  backward: (gpu, { inputs, outputs, grads: { y: dy }, wants }) =>
    normalizedGradients(gpu, 'instance_norm', inputs, channelsOf(inputs), {
      ...outputs,
      dy,
      wants,
    }),
});
