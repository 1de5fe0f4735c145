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

/** A result that may have a time, of a work and a contender. */
type Timed = Pick<BenchResult, 'id' | 'backend' | 'timing'>;

/** How long a contender takes as something grows. */
export interface GrowthCurve<T extends Timed = Timed> {
  readonly backend: string;
  /** By size, the smallest first. */
  readonly points: readonly (Point & { readonly result: T })[];
  /** See {@link exponentOf}; undefined where there are too few sizes. */
  readonly exponent: number | undefined;
}

/** The times of all contenders as one thing grows. */
export interface GrowthSeries<T extends Timed = Timed> {
  /** What grows. */
  readonly of: string;
  readonly curves: readonly GrowthCurve<T>[];
}

/** Every series of sizes that was timed, in the order of the works. */
export function growthSeries<T extends Timed>(
  works: readonly Pick<Work, 'id' | 'growth'>[],
  results: readonly T[],
): readonly GrowthSeries<T>[] {
  const series = new Set(works.flatMap(({ growth }) => growth?.map(({ of }) => of) ?? []));
  const backends = new Set(results.map(({ backend }) => backend));
  return [...series].flatMap((of) => {
    const sizes = new Map(
      works.flatMap(({ id, growth }) => {
        const place = growth?.find((one) => one.of === of);
        return place ? [[id, place.size] as const] : [];
      }),
    );
    const curves = [...backends].flatMap((backend) => {
      const points = results
        .flatMap((result) => {
          const size = sizes.get(result.id);
          const ms = result.timing?.medianMs;
          return result.backend === backend && size && ms ? [{ result, size, ms }] : [];
        })
        .sort((a, b) => a.size - b.size);
      const exponent = points.length < FEWEST ? undefined : exponentOf(points);
      return points.length > 0 ? [{ backend, points, exponent }] : [];
    });
    return curves.length > 0 ? [{ of, curves }] : [];
  });
}

/**
 * The results with the exponent of each series of sizes, for every contender, as a metric of the
 * largest size: `exponent of cube`.
 */
export function withExponents(
  works: readonly Work[],
  results: readonly BenchResult[],
): readonly BenchResult[] {
  const added = new Map<BenchResult, Record<string, number>>();
  for (const { of, curves } of growthSeries(works, results)) {
    for (const { points, exponent } of curves) {
      const last = points.at(-1)?.result;
      if (!last || exponent === undefined) continue;
      added.set(last, { ...added.get(last), [`exponent of ${of}`]: exponent });
    }
  }
  return results.map((result) => {
    const more = added.get(result);
    return more ? { ...result, metrics: { ...result.metrics, ...more } } : result;
  });
}
