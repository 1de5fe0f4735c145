/** The candidate nearest to `actual`, the first of several. */
export function nearestOf(candidates: readonly number[], actual: number): number {
  return candidates.reduce((best, x) =>
    Math.abs(x - actual) < Math.abs(best - actual) ? x : best,
  );
}
