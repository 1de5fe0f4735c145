/**
 * How much is run, from little to much. By itself, so that what names a tier needs no schema.
 */
export const TIERS = ['quick', 'full', 'slow'] as const;

export type Tier = (typeof TIERS)[number];
