/** The middle of the numbers; of an even count the mean of both in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const low = sorted[Math.ceil(half) - 1];
  const high = sorted[Math.floor(half)];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}
