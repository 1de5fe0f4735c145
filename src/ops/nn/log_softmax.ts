import forward from '../../../shaders/nn/log_softmax.wgsl';
import backward from '../../../shaders/nn/log_softmax_backward.wgsl';
import { defineSoftmax } from './softmax-along.ts';

/** y = log(softmax(x)) along `axis`, as torch.log_softmax. Tensors as {@link defineSoftmax} says. */
export const log_softmax = defineSoftmax({ name: 'log_softmax', forward, backward, backwardFlops: 20 });
