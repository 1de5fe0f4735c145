import type { CaseResult } from '../../report/schema.ts';

/** An op that was timed and is right. Rates by the median. */
export interface TimedOp {
  readonly name: string;
  readonly id: string;
  readonly flops: number;
  /** Bytes that a call must read or write at least: each input and output once. */
  readonly bytes: number;
  readonly ms: number;
  /** Fastest and slowest time. */
  readonly interval: readonly [number, number];
  /** Operations for each byte. */
  readonly intensity: number;
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** The highest rates that were reached: no op is faster than both allow. */
export interface Roofs {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** The results that tell a time with its operations and bytes, slowest rate last. */
export function timedOps(results: readonly CaseResult[]): readonly TimedOp[] {
  return results
    .flatMap(({ id, status, timing, metrics }) => {
      const flops = metrics?.['flops'];
      const bytes = metrics?.['bytes'];
      if (status !== 'pass' || !timing || !(timing.medianMs > 0) || !flops || !bytes) return [];
      const ms = timing.medianMs;
      return [
        {
          id,
          name: nameOf(id),
          flops,
          bytes,
          ms,
          intensity: flops / bytes,
          interval: [timing.ciMs[0] ?? ms, timing.ciMs[1] ?? ms] as const,
          flopsPerSecond: (1000 * flops) / ms,
          bytesPerSecond: (1000 * bytes) / ms,
        },
      ];
    })
    .sort((a, b) => b.flopsPerSecond - a.flopsPerSecond);
}

/** The highest rates of `ops`. */
export function roofsOf(ops: readonly TimedOp[]): Roofs {
  return {
    flopsPerSecond: Math.max(...ops.map(({ flopsPerSecond }) => flopsPerSecond)),
    bytesPerSecond: Math.max(...ops.map(({ bytesPerSecond }) => bytesPerSecond)),
  };
}

/** Operations a second that the roofs allow an op of this intensity. */
export function roofAt(intensity: number, { flopsPerSecond, bytesPerSecond }: Roofs): number {
  return Math.min(flopsPerSecond, intensity * bytesPerSecond);
}

/** "product 4bit 512" for `speed.ops:product-4bit-512`. */
function nameOf(id: string): string {
  return id.slice(id.indexOf(':') + 1).replaceAll('-', ' ');
}
