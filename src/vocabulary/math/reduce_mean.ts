import { real } from '../rules.ts';
import { reduction } from './reduction.ts';

/** The mean over some axes. */
export const reduceMean = reduction('reduce_mean', { x: real });
