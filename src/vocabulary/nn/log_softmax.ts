import { softmaxAlong } from './softmax-along.ts';

/** The logarithm of softmax along an axis. */
export const logSoftmax = softmaxAlong('log_softmax');
