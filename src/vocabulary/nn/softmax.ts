import { softmaxAlong } from './softmax-along.ts';

/** exp(x) / sum exp(x) along an axis. */
export const softmax = softmaxAlong('softmax');
