/** The two results of a comparison. */
export const SIDES = ['before', 'after'] as const;

/** One of them. */
export type Side = (typeof SIDES)[number];
