import forward from '../../../shaders/nn/softmax.wgsl';
import backward from '../../../shaders/nn/softmax_backward.wgsl';
import { defineSoftmax } from './softmax-along.ts';

/** y = softmax(x) along `axis`, as torch.softmax. Tensors as {@link defineSoftmax} says. */
export const softmax = defineSoftmax({ name: 'softmax', forward, backward, backwardFlops: 4 });
