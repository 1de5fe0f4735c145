import { reduction } from './reduction.ts';

/** The root of the sum of squares over some axes. */
export const norm = reduction('norm', { inBundles: false });
