import forward from '../../../shaders/nn/log_softmax.wgsl';
import backward from '../../../shaders/nn/log_softmax_backward.wgsl';
import { logSoftmax as signature } from '../../vocabulary/nn/log_softmax.ts';
import { softmaxLauncher } from './softmax-along.ts';

/**
 * y = log(softmax(x)) along `axis`, as torch.log_softmax. Tensors as {@link softmaxLauncher} says.
 */
export const logSoftmax = softmaxLauncher(signature, { forward, backward });
