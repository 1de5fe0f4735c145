import { EPS, FLUSH } from './bounds.ts';

/** 1 / (1 + exp(-x)), to full relative accuracy on both sides. */
export function sigmoid(x: number): number {
  return Math.exp(Math.min(x, 0)) / (1 + Math.exp(-Math.abs(x)));
}

/** The relative error of exp(-|x|): 3 + 2|x| units in the last place. */
export const expError = (x: number): number => EPS * (3 + 2 * Math.abs(x));

/** Where exp(x) is twice the smallest normal number, which no error takes it below. */
const VANISHING = Math.log(2 * FLUSH);

/** An exp(x) below the smallest normal number may be flushed, and with it the whole result. */
export const vanishes = (x: number): boolean => x <= VANISHING;
