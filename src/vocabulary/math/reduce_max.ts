import { reduction } from './reduction.ts';

/** The largest element over some axes. */
export const reduceMax = reduction('reduce_max');
