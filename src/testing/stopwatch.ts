import type { Gpu } from '../gpu/gpu.ts';
import { seam } from '../seam.ts';

/**
 * How long one call takes, as reports tell it. Milliseconds of the host's clock, from the call
 * until the device is done.
 */
export interface Timing {
  readonly source: 'wall';
  /** Step of the clock that was read. */
  readonly quantumNs: number;
  /** Batches that were timed. */
  readonly samples: number;
  /** The first call, which compiles. */
  readonly coldMs: number;
  readonly medianMs: number;
  readonly minMs: number;
  /**
   * Fastest and slowest batch: an interval that holds the median of all batches with 99 % where
   * there are nine, 75 % where three.
   */
  readonly ciMs: readonly [number, number];
}

/**
 * A batch takes at least this long, so that waiting for its end (about a millisecond) is a small
 * part of it.
 */
const BATCH_MS = 40;
const MOST_CALLS = 2000;
const SAMPLES = 9;
const FEWEST_SAMPLES = 3;
/** No new batch after this time, once there are enough. */
const BUDGET_MS = 1500;

/**
 * Times `work`, which records calls and keeps nothing: in batches of as many calls as it takes to
 * be timed well, the median of several. `now` is the clock, in milliseconds.
 */
export async function timeOf(
  gpu: Pick<Gpu, 'finish'>,
  work: () => void,
  now: () => number = () => performance.now(),
): Promise<Timing> {
  const batch = async (calls: number): Promise<number> => {
    await gpu.finish();
    const started = now();
    for (let i = 0; i < calls; i++) work();
    await gpu.finish();
    return now() - started;
  };
  const started = now();
  const coldMs = await batch(1);
  let calls = 1;
  for (
    let took = await batch(1);
    took < BATCH_MS && calls < MOST_CALLS;
    took = await batch(calls)
  ) {
    calls = Math.min(MOST_CALLS, Math.ceil(calls * Math.min(8, (1.2 * BATCH_MS) / took)));
  }
  const times: number[] = [];
  while (times.length < SAMPLES && (times.length < FEWEST_SAMPLES || now() - started < BUDGET_MS)) {
    times.push((await batch(calls)) / calls);
  }
  const sorted = times.sort((a, b) => a - b);
  const at = (place: number) => sorted[place] as number;
  return {
    source: 'wall',
    quantumNs: clockStepNs(now),
    samples: sorted.length,
    coldMs,
    medianMs: at(Math.floor(sorted.length / 2)),
    minMs: at(0),
    ciMs: intervalOf(sorted),
  };
}

/** The fastest and the slowest of some times, in ascending order. */
const intervalOf = seam('stopwatch.interval', (sorted: readonly number[]): Timing['ciMs'] => [
  sorted[0] as number,
  sorted[sorted.length - 1] as number,
]);

/** Smallest step that the clock made just now; browsers make it coarse. */
export function clockStepNs(now: () => number): number {
  let step = Number.POSITIVE_INFINITY;
  for (let last = now(), steps = 0; steps < 5; ) {
    const time = now();
    if (time === last) continue;
    step = Math.min(step, time - last);
    last = time;
    steps++;
  }
  return Math.round(step * 1e6);
}
