import type { BenchResult } from './host.ts';
import type { Work } from './work.ts';

/** A size with the time that it took. */
interface Point {
  readonly size: number;
  readonly ms: number;
}

/**
 * The exponent of a power of the size that fits the times best: the slope of the line through their
 * logarithms, by least squares.
 */
export function exponentOf(points: readonly Point[]): number {
  const logs = points.map(({ size, ms }) => [Math.log(size), Math.log(ms)] as const);
  const mean = (of: (point: readonly [number, number]) => number) =>
    logs.reduce((sum, point) => sum + of(point), 0) / logs.length;
  const x = mean(([size]) => size);
  const y = mean(([, ms]) => ms);
  const covariance = mean(([size, ms]) => (size - x) * (ms - y));
  return covariance / mean(([size]) => (size - x) ** 2);
}

/** Fewer sizes tell no exponent. */
const FEWEST = 3;

/**
 * The results with the exponent of each series of sizes, for every contender, as a metric of the
 * largest size: `exponent of cube`.
 */
export function withExponents(
  works: readonly Work[],
  results: readonly BenchResult[],
): readonly BenchResult[] {
  const added = new Map<BenchResult, Record<string, number>>();
  const series = new Set(works.flatMap(({ growth }) => growth?.map(({ of }) => of) ?? []));
  const backends = new Set(results.map(({ backend }) => backend));
  for (const of of series) {
    const sizes = new Map(
      works.flatMap(({ id, growth }) => {
        const place = growth?.find((one) => one.of === of);
        return place ? [[id, place.size] as const] : [];
      }),
    );
    for (const backend of backends) {
      const timed = results
        .flatMap((result) => {
          const size = sizes.get(result.id);
          const ms = result.timing?.medianMs;
          return result.backend === backend && size && ms ? [{ result, size, ms }] : [];
        })
        .sort((a, b) => a.size - b.size);
      const last = timed.at(-1);
      if (!last || timed.length < FEWEST) continue;
      const metric = { [`exponent of ${of}`]: exponentOf(timed) };
      added.set(last.result, { ...added.get(last.result), ...metric });
    }
  }
  return results.map((result) => {
    const more = added.get(result);
    return more ? { ...result, metrics: { ...result.metrics, ...more } } : result;
  });
}
