import forward from '../../../shaders/nn/softmax.wgsl';
import backward from '../../../shaders/nn/softmax_backward.wgsl';
import { softmax as signature } from '../../vocabulary/nn/softmax.ts';
import { softmaxLauncher } from './softmax-along.ts';

/** y = softmax(x) along `axis`, as torch.softmax. Tensors as {@link softmaxLauncher} says. */
export const softmax = softmaxLauncher(signature, { forward, backward });
