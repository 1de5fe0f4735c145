import { median } from '../report/median.ts';
import type { Coarser, Contender, PreparedWork } from './contender.ts';
import type { BenchOptions } from './options.ts';
import type { Verdict } from './oracle.ts';
import { medianInterval } from './statistics/order-statistics.ts';
import { type Clock, firstBatch, timeOfOne } from './stopwatch.ts';

/** A contender in one setting, on one work, that was found right. */
export interface Right {
  readonly contender: Contender;
  readonly setting: string;
  readonly prepared: PreparedWork;
  readonly verdict: Verdict;
  /** What it was held to beside its bound. */
  readonly coarser: Coarser | undefined;
  /** From nothing to its first results: upload, compilation, a run, a read. Milliseconds. */
  readonly coldMs: number;
}

/** Runs before a setting is tried, and batches that it is tried with. */
const USUAL = { warmUp: 2, trials: 3 } as const;
const QUICK = { warmUp: 1, trials: 1 } as const;
/** A run that takes so long warms up once, and is tried once. */
const LONG_MS = 500;
/** The share of its median in which the median is known well enough. */
const PRECISE = 0.04;
const FEWEST = 5;

/** What is timed: one way of one contender to do a work. */
export class Entry implements AsyncDisposable {
  readonly right: Right;
  /** Milliseconds of one run, a number a batch. */
  readonly samples: number[] = [];
  /** The same by the loop of the library's documentation. */
  readonly documented: number[] = [];
  /** What broke its last batch. */
  failure: unknown;
  readonly #now: Clock;
  readonly #repeats: number;
  readonly #trials: readonly number[];

  private constructor(right: Right, now: Clock, repeats: number, trials: readonly number[]) {
    this.right = right;
    this.#now = now;
    this.#repeats = repeats;
    this.#trials = trials;
  }

  /** Warms up and tries it. */
  static async tried(
    right: Right,
    { warmUp, quick }: Pick<BenchOptions, 'warmUp' | 'quick'>,
    now: Clock,
  ): Promise<Entry> {
    const { prepared } = right;
    const usual = quick ? QUICK : USUAL;
    const run = (times: number) => prepared.run(times);
    for (let i = 0; i < (warmUp ?? usual.warmUp); i++) {
      const ms = await timeOfOne(run, 1, now);
      if (warmUp === undefined && ms >= LONG_MS) break;
    }
    const { repeats, ms: first } = await firstBatch(run, now);
    const trials = [first];
    while (trials.length < usual.trials && !trials.some((ms) => ms * repeats >= LONG_MS))
      trials.push(await timeOfOne(run, repeats, now));
    if (prepared.runDocumented) await prepared.runDocumented(1);
    return new Entry(right, now, repeats, trials);
  }

  /** What it took when it was tried, before the rounds. */
  get triedMs(): number {
    return median(this.#trials);
  }

  /** Runs of one batch. */
  get repeats(): number {
    return this.#repeats;
  }

  /** The median by the faster of both ways. */
  get medianMs(): number {
    return median(this.figures);
  }

  /** The samples of the faster way: a library is not slower than as it is documented. */
  get figures(): readonly number[] {
    return this.isDocumented ? this.documented : this.samples;
  }

  get isDocumented(): boolean {
    return this.documented.length > 0 && median(this.documented) < median(this.samples);
  }

  /** Whether its median is known to a few percent. */
  get isPrecise(): boolean {
    if (this.samples.length < FEWEST) return false;
    const { low, high } = medianInterval(this.samples);
    return high - low <= PRECISE * median(this.samples);
  }

  /** A batch of each way; one that breaks has no time, and `failure` says why: the others go on. */
  async batch(): Promise<Batch> {
    try {
      return await this.#batch();
    } catch (error) {
      this.failure = error;
      return { ms: Number.NaN };
    }
  }

  async #batch(): Promise<Batch> {
    const { prepared } = this.right;
    const ms = await timeOfOne((times) => prepared.run(times), this.#repeats, this.#now);
    if (!prepared.runDocumented) return { ms };
    const documented = (times: number) => prepared.runDocumented?.(times) ?? Promise.resolve();
    return { ms, documentedMs: await timeOfOne(documented, this.#repeats, this.#now) };
  }

  keep({ ms, documentedMs }: Batch): void {
    this.samples.push(ms);
    if (documentedMs !== undefined) this.documented.push(documentedMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.right.prepared[Symbol.asyncDispose]();
  }
}

/** Milliseconds of a run in one batch. */
export interface Batch {
  readonly ms: number;
  readonly documentedMs?: number;
}
