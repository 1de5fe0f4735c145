import * as v from 'valibot';

/**
 * A number that may change between replays of a captured step: the count of steps, the position in
 * a stream of random numbers.
 */
export type LiveNumber = number | (() => number);

/** The schema of a parameter that is a live number. */
export const liveNumber = v.custom<LiveNumber>(
  (value) => typeof value === 'number' || typeof value === 'function',
);

/** What the number is now. */
export const numberNow = (number: LiveNumber): number =>
  typeof number === 'function' ? number() : number;
