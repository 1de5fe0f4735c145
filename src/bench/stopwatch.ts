/** Milliseconds that only grow. */
export type Clock = () => number;

/**
 * A batch takes at least this long: that a device is done is polled about every millisecond, which
 * is then a small part of it.
 */
export const BATCH_MS = 20;
const MOST_REPEATS = 4096;
/** What takes so long is no hiccup of the machine. */
const HICCUP_MS = 100;

/** What can be run so many times. */
type Runs = (times: number) => Promise<void>;

/** How long one of so many runs takes, from the first to the end of the last. Milliseconds. */
export async function timeOfOne(run: Runs, times: number, now: Clock): Promise<number> {
  const started = now();
  await run(times);
  return (now() - started) / times;
}

/**
 * How many runs make a batch of `least` milliseconds, and how long one of them took in the first
 * such batch.
 */
export async function firstBatch(
  run: Runs,
  now: Clock,
  least = BATCH_MS,
): Promise<{ readonly repeats: number; readonly ms: number }> {
  for (let repeats = 1; ; ) {
    let ms = await timeOfOne(run, repeats, now);
    // What is short may have met one, which would make a batch of it.
    if (repeats * ms >= least && repeats * ms < HICCUP_MS)
      ms = Math.min(ms, await timeOfOne(run, repeats, now));
    const took = repeats * ms;
    if (took >= least || repeats >= MOST_REPEATS) return { repeats, ms };
    // At most eight times as many, since what is short is mostly waiting.
    const factor = Math.min(8, (1.2 * least) / Math.max(took, 1e-3));
    repeats = Math.min(MOST_REPEATS, Math.max(repeats + 1, Math.ceil(repeats * factor)));
  }
}
