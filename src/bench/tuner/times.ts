import { median } from '../../report/median.ts';
import { BATCH_MS, type Clock, firstBatch, timeOfOne } from '../stopwatch.ts';

/** A way to do a work that is ready to be timed. */
export interface Entrant extends AsyncDisposable {
  run(times: number): Promise<void>;
}

/** How long ways may be timed. */
export interface Limits {
  readonly now: Clock;
  /** When rounds end, but for the first. */
  readonly share: number;
  /** When nothing begins that would not be done by then. */
  readonly end: number;
}

/** What a race of ways gave. */
export interface Times<Way> {
  /** Milliseconds of one run, of each way that was timed. */
  readonly times: ReadonlyMap<Way, number>;
  /** Whether none was left out, or not compared in a round, for want of time. */
  readonly complete: boolean;
}

/** How ways are made ready, and which are not worth it. */
export interface Race<Way> {
  open(way: Way): Promise<Entrant>;
  /** Whether a way is left out, where the best of those before takes `bestMs`. */
  isHopeless?(way: Way, bestMs: number): boolean;
}

interface Timed<Way> {
  readonly way: Way;
  readonly entrant: Entrant;
  readonly repeats: number;
  /** Of one run in the first batch. */
  readonly ms: number;
  /** Of one run in each round. */
  readonly rounds: number[];
}

const ROUNDS = 3;
/** What takes so many times as long as the best goes no further. */
const SLOW = 2;
/** Below this a batch is mostly waiting for the device to be polled. */
const SHORTEST_BATCH_MS = 5;
/** So many batches a way takes until the rounds begin, since its repeats must be found. */
const BATCHES_TO_BEGIN = 3;

/**
 * Times ways of doing one work: each once, then those that took less than twice the best in rounds,
 * in turn, at least one round and more as long as the share lasts. A way is not begun that would not
 * end in time if it took as long as those before it.
 */
export async function timesOf<Way>(
  ways: readonly Way[],
  { open, isHopeless = () => false }: Race<Way>,
  limits: Limits,
): Promise<Times<Way>> {
  const { now, share, end } = limits;
  const opened: Entrant[] = [];
  const timed: Timed<Way>[] = [];
  const batchMs = batchOf(ways.length, share - now());
  const best = () => Math.min(...timed.map(({ ms }) => ms));
  let complete = true;
  let longestStart = 0;
  try {
    for (const way of ways) {
      if (timed.length > 0 && isHopeless(way, best())) continue;
      const began = now();
      if (began + longestStart >= end) {
        complete = false;
        continue;
      }
      const entrant = await open(way);
      opened.push(entrant);
      await entrant.run(1); // its kernels are compiled
      longestStart = Math.max(longestStart, now() - began);
      if (now() + (timed.length > 0 ? best() : 0) >= end) {
        complete = false;
        continue;
      }
      const first = await firstBatch((times) => entrant.run(times), now, batchMs);
      timed.push({ way, entrant, ...first, rounds: [] });
    }
    const racing = timed.filter(({ ms }) => ms <= SLOW * best());
    if (racing.length > 1) complete = (await race(racing, limits)) && complete;
    const times = timed.map(
      ({ way, ms, rounds }) => [way, rounds.length > 0 ? median(rounds) : ms] as const,
    );
    return { times: new Map(times), complete };
  } finally {
    for (const entrant of opened) await entrant[Symbol.asyncDispose]();
  }
}

/** As long as there is time for in all batches of so many ways, within reason. */
function batchOf(ways: number, ms: number): number {
  const each = ms / (ways * (ROUNDS + BATCHES_TO_BEGIN));
  return Math.min(BATCH_MS, Math.max(SHORTEST_BATCH_MS, each));
}

/** Rounds of those that are fast; false where there was no time for one. */
async function race<Way>(
  racing: readonly Timed<Way>[],
  { now, share, end }: Limits,
): Promise<boolean> {
  const roundMs = racing.reduce((sum, { repeats, ms }) => sum + repeats * ms, 0);
  for (let round = 0; round < ROUNDS; round++) {
    if (now() + roundMs >= (round === 0 ? end : share)) return round > 0;
    for (const { entrant, repeats, rounds } of racing)
      rounds.push(await timeOfOne((times) => entrant.run(times), repeats, now));
  }
  return true;
}
