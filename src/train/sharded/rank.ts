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

/**
 * A rank's part of a vector: all have as many numbers, a multiple of `unit`, but those at the end,
 * which have what is left, perhaps nothing.
 */
export function partOf(length: number, { rank, size }: Rank, unit = 1): Part {
  const each = Math.ceil(length / (unit * size)) * unit;
  return { start: Math.min(rank * each, length), end: Math.min((rank + 1) * each, length) };
}
