/** The middle of the numbers; of an even count the mean of both in the middle. */
export function median(numbers: ArrayLike<number>): number {
  const sorted = Float64Array.from(numbers).sort();
  const half = sorted.length / 2;
  const low = sorted[Math.ceil(half) - 1];
  const high = sorted[Math.floor(half)];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
