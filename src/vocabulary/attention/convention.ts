import * as v from 'valibot';
import type { Range } from '../rules.ts';

/** Which elements of a head are rotated together: the two halves, or neighbours. */
export const CONVENTION = v.picklist(['half-split', 'interleaved']);
export type Convention = v.InferOutput<typeof CONVENTION>;

export const notNegativeIndex = (): Range => ({ low: 0, high: 2 ** 31 - 1 });
