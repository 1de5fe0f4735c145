import { median } from '../report/median.ts';
import { PEERS_ON_WEBGPU } from './contender.ts';
import type { Batch, Entry } from './entry.ts';
import type { BenchHost } from './host.ts';
import { timeOfOne } from './stopwatch.ts';

/** Fewer rounds tell nothing of two contenders, and more not much. */
const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = { usual: 15, quick: 7 } as const;
/** No new round after this time for each entry, once there are enough. */
const BUDGET_MS = { usual: 1_500, quick: 300 } as const;
/**
 * After so many rounds a library rests that takes so many times as long as another one: figures
 * are for the fastest, and slow ones are most of what a run takes.
 */
const ROUNDS_OF_SLOW = 3;
const SLOW = 2;
/** Pulses that take so many times their usual time are of a machine that is slowed down. */
const THROTTLED = 1.5;
/** Pulses that tell what is usual. */
const USUAL = 5;

/** The pace of the machine, round by round, over a whole run. */
export class Pulses {
  readonly #times: number[] = [];

  /** Takes the time of a pulse, and tells whether it is far above the usual. */
  isThrottled(ms: number): boolean {
    const usual = this.#times.length >= USUAL ? median(this.#times) : Number.POSITIVE_INFINITY;
    this.#times.push(ms);
    return ms > THROTTLED * usual;
  }
}

/** Rounds that were left out. */
export interface Dropped {
  readonly hidden: number;
  readonly throttled: number;
}

type Host = Pick<BenchHost, 'options' | 'now' | 'signal' | 'isHidden' | 'pulse'>;

/**
 * Times the entries in turn, a batch of each in every round, each round beginning with another, until
 * all medians are known well enough, or the time is over. Rounds of a hidden tab are left out, and
 * those of a machine that is slowed down, these up to as many as are kept. `onBatch` sees each
 * entry after its batch and says whether it goes on.
 */
export async function timeInRounds(
  entries: readonly Entry[],
  { options, now, signal, isHidden = () => false, pulse }: Host,
  pulses: Pulses,
  onBatch: (entry: Entry) => boolean,
): Promise<Dropped> {
  const racing = new Set(entries);
  const dropped = { hidden: 0, throttled: 0 };
  const started = now();
  const pace = options.quick ? 'quick' : 'usual';
  const isOver = () => now() - started > BUDGET_MS[pace] * entries.length;
  const most = options.samples ?? MOST_ROUNDS[pace];
  const fewest = options.samples ?? FEWEST_ROUNDS;
  for (let kept = 0, round = 0; kept < most && !signal.aborted; round++) {
    if (kept >= fewest && (isOver() || [...racing].every((entry) => entry.isPrecise))) break;
    const wasHidden = isHidden();
    const batches: (readonly [Entry, Batch])[] = [];
    for (const entry of rotated([...racing], round)) {
      if (signal.aborted) return dropped;
      const batch = await entry.batch();
      if (onBatch(entry)) batches.push([entry, batch]);
      else racing.delete(entry);
    }
    if (racing.size === 0) return dropped;
    const isSlow = pulse && pulses.isThrottled(await timeOfOne(pulse, 1, now));
    if (wasHidden || isHidden()) {
      dropped.hidden++;
      await isShown(isHidden, signal);
      continue;
    }
    if (isSlow && dropped.throttled < Math.max(kept, FEWEST_ROUNDS)) {
      dropped.throttled++;
      continue;
    }
    for (const [entry, batch] of batches) entry.keep(batch);
    kept++;
    if (kept === ROUNDS_OF_SLOW && options.samples === undefined)
      for (const entry of slowOf(racing)) racing.delete(entry);
  }
  return dropped;
}

/** Peers that are far slower than the fastest of them on the same adapter. */
function slowOf(racing: ReadonlySet<Entry>): readonly Entry[] {
  const peers = [...racing].filter(({ right }) =>
    PEERS_ON_WEBGPU.some((name) => name === right.contender.name),
  );
  const least = Math.min(...peers.map(({ medianMs }) => medianMs));
  return peers.filter(({ figures }) => Math.min(...figures) > SLOW * least);
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const first = by % Math.max(1, items.length);
  return [...items.slice(first), ...items.slice(0, first)];
}

const LOOK_AGAIN_MS = 250;

/** Waits until the tab is shown. */
async function isShown(isHidden: () => boolean, signal: AbortSignal): Promise<void> {
  while (isHidden() && !signal.aborted)
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
}
