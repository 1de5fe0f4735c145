/** One of the workers that train a model together. */
export interface Rank {
  /** From 0 on. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
}

/** Where a part of a vector lies. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Parameters begin at multiples of so many floats, and so do parts: a kernel can bind them. */
export const UNIT = 64;

/**
 * A rank's part of `length` things that follow each other, in whole units but for the end: as many
 * units as others have, or one more.
 */
export function partOf(length: number, { rank, size }: Rank, unit = 1): Part {
  const units = Math.ceil(length / unit);
  const border = (before: number) => Math.min(Math.floor((before * units) / size) * unit, length);
  return { start: border(rank), end: border(rank + 1) };
}
