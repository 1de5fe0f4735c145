import type { Gpu } from '../gpu/gpu.ts';
import { seam } from '../seam.ts';
import type { Random } from '../tensor/random.ts';

/** What some times come to. Milliseconds. */
export interface Statistics {
  readonly n: number;
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const clock = seam('latency.now', (): number => performance.now());
/** Waits until the device is done. */
const done = seam('latency.done', (gpu: Gpu): Promise<unknown> => gpu.finish());

/** From the call of `job` until the device is done with it. Milliseconds. */
export async function latencyOf(gpu: Gpu, job: () => void): Promise<number> {
  const started = clock();
  job();
  await done(gpu);
  return clock() - started;
}

/** What the times come to, each counted. */
export const statisticsOf = seam('latency.statistics', (samples: readonly number[]): Statistics => {
  const sorted = [...samples].sort((a, b) => a - b);
  const n = sorted.length;
  const at = (i: number) => sorted[i] ?? Number.NaN;
  return {
    n,
    mean: sorted.reduce((sum, ms) => sum + ms, 0) / n,
    median: (at(Math.floor((n - 1) / 2)) + at(Math.floor(n / 2))) / 2,
    min: at(0),
    max: at(n - 1),
  };
});

/**
 * An order in which each of `count` things comes once a round, drawn anew for every round: what
 * drifts meets all of them alike.
 */
export const interleavedOrder = seam(
  'latency.order',
  (count: number, rounds: number, random: Random): readonly number[] =>
    Array.from({ length: rounds }, () =>
      Array.from({ length: count }, (_, i) => ({ i, at: random.word() }))
        .sort((a, b) => a.at - b.at)
        .map(({ i }) => i),
    ).flat(),
);

/** Every time that each of several jobs took, in the order in which it was measured. */
export async function interleavedLatencies(
  gpu: Gpu,
  jobs: readonly (() => void)[],
  rounds: number,
  random: Random,
): Promise<readonly (readonly number[])[]> {
  const samples = jobs.map((): number[] => []);
  for (const i of interleavedOrder(jobs.length, rounds, random))
    samples[i]?.push(await latencyOf(gpu, jobs[i] as () => void));
  return samples.map(kept);
}

/** What is kept of the times of one job: all. */
const kept = seam('latency.kept', (samples: readonly number[]): readonly number[] => samples);

/** The straight line nearest to some times, by least squares. */
export const lineThrough = seam(
  'latency.line',
  (
    xs: readonly number[],
    ys: readonly number[],
  ): { readonly fixed: number; readonly each: number } => {
    const mean = (values: readonly number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const [x0, y0] = [mean(xs), mean(ys)];
    const along = xs.reduce((sum, x, i) => sum + (x - x0) * ((ys[i] as number) - y0), 0);
    const each = along / xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
    return { fixed: y0 - each * x0, each };
  },
);
