import { deviation } from './deviation.ts';

/** The variance over some axes. */
export const variance = deviation('var');
