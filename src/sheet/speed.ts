/** Operations a second of the 4-bit products that a run has timed. */
export interface Speed {
  readonly slowest: number;
  readonly fastest: number;
  /** Sizes that were timed. */
  readonly cases: number;
}

/** What a result tells of a time, as reports have it. */
interface Timed {
  readonly id: string;
  readonly status: string;
  readonly timing?: { readonly medianMs: number } | undefined;
  readonly metrics?: Readonly<Record<string, number | null>> | undefined;
}

/**
 * How fast 4-bit products were in the results that timed them and are right; undefined where none
 * did.
 */
export function measuredSpeed(results: readonly Timed[]): Speed | undefined {
  const speeds = results.flatMap(({ id, status, timing, metrics }) => {
    const flops = metrics?.['flops'];
    return status === 'pass' && timing && flops && id.startsWith('speed.ops:product-4bit')
      ? [(1000 * flops) / timing.medianMs]
      : [];
  });
  if (speeds.length === 0) return undefined;
  return { slowest: Math.min(...speeds), fastest: Math.max(...speeds), cases: speeds.length };
}
