import { reduction } from './reduction.ts';

/** The sum over some axes. */
export const reduceSum = reduction('reduce_sum');
