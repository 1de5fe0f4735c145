import { deviation } from './deviation.ts';

/** The root of the variance over some axes. */
export const std = deviation('std');
