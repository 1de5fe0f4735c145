/** The quantile q of sorted numbers: linear between the two neighbours of place q (n - 1). */
export function sortedQuantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const rank = Math.floor(place);
  const low = sorted[rank] as number;
  return low + (place - rank) * ((sorted[rank + 1] ?? low) - low);
}

/** Magnitudes in order. */
export const sortedSizes = (data: Float64Array): Float64Array => data.map(Math.abs).sort();
