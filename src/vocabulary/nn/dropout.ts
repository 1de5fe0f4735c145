import * as v from 'valibot';
import { elementwise } from '../elementwise.ts';
import { liveNumber } from '../live-number.ts';
import { count, fraction } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = x / (1 - p), and 0 with probability p. */
export const dropout = signature(
  { family: 'nn', name: 'dropout', inBundles: false },
  v.strictObject({
    /** Probability that an element becomes 0. */
    p: fraction,
    /** Whole number below 2^53 that, with `offset`, decides which ones. */
    seed: count,
    /**
     * Whole number below 2^53; another one, another mask. Replays of a captured step ask for it
     * again.
     */
    offset: v.optional(liveNumber, 0),
  }),
  elementwise,
);
