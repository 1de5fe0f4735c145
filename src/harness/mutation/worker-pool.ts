import type { Environment } from '../../report/schema.ts';
import { persistently } from '../runner/persistently.ts';
import { type Answer, PoolWorker } from '../runner/pool-worker.ts';
import type { Death, ToWorker, WorkerLink } from '../worker/messages.ts';

/**
 * A worker that dies so often in the same request dies of it, or is ended each time from outside.
 */
export const MOST_DEATHS = 3;

/** A worker of the pool, which a fresh one may replace. */
export interface ReplaceableWorker {
  readonly ask: (request: ToWorker, limitMs: number) => Promise<Answer>;
  /** Replaces the worker by a fresh one. */
  readonly replace: () => Promise<void>;
}

/** A few workers that share a queue of questions. */
export class WorkerPool implements Disposable {
  readonly environment: Environment;
  readonly #startLink: () => WorkerLink;
  readonly #workers: PoolWorker[];
  readonly #ended: AbortController;
  readonly #signal: AbortSignal;

  private constructor(
    first: PoolWorker,
    startLink: () => WorkerLink,
    ended: AbortController,
    signal: AbortSignal,
  ) {
    this.environment = first.environment;
    this.#workers = [first];
    this.#startLink = startLink;
    this.#ended = ended;
    this.#signal = signal;
  }

  /**
   * Starts `size` workers, or as many as get a device. Throws UnusableError when none does, and the
   * signal's reason.
   */
  static async start(
    size: number,
    startLink: () => WorkerLink,
    signal: AbortSignal,
  ): Promise<WorkerPool> {
    const ended = new AbortController();
    const untilEnd = AbortSignal.any([signal, ended.signal]);
    const pool = new WorkerPool(await start(startLink, untilEnd), startLink, ended, untilEnd);
    const more = Array.from({ length: size - 1 }, () => pool.#start().catch(() => undefined));
    pool.#workers.push(...(await Promise.all(more)).filter((worker) => worker !== undefined));
    return pool;
  }

  /**
   * Works through `items`, every worker at one of them, until all are done or the signal aborts.
   */
  async share<T>(
    items: readonly T[],
    work: (item: T, worker: ReplaceableWorker) => Promise<void>,
  ): Promise<void> {
    const queue = [...items];
    await Promise.all(
      this.#workers.map(async (_, place) => {
        const worker: ReplaceableWorker = {
          ask: (request, limitMs) => (this.#workers[place] as PoolWorker).ask(request, limitMs),
          replace: () => this.#replace(place),
        };
        for (
          let item = queue.shift();
          item !== undefined && !this.#signal.aborted;
          item = queue.shift()
        )
          await work(item, worker);
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const worker of this.#workers) worker.terminate();
  }

  async #replace(place: number): Promise<void> {
    this.#workers[place]?.terminate();
    this.#workers[place] = await this.#start();
  }

  #start(): Promise<PoolWorker> {
    return start(this.#startLink, this.#signal);
  }
}

/**
 * Asks, and another worker again after each death that `isTriedAgain`, {@link MOST_DEATHS} times at
 * most; the worker of the last answer is kept.
 */
export async function askAgain(
  worker: ReplaceableWorker,
  request: ToWorker,
  limitMs: number,
  isTriedAgain: (death: Death) => boolean,
): Promise<Answer> {
  let answer = await worker.ask(request, limitMs);
  for (
    let deaths = 1;
    answer.type === 'dead' && isTriedAgain(answer) && deaths < MOST_DEATHS;
    deaths++
  ) {
    await worker.replace();
    answer = await worker.ask(request, limitMs);
  }
  return answer;
}

function start(startLink: () => WorkerLink, signal: AbortSignal): Promise<PoolWorker> {
  return persistently(() => PoolWorker.start(startLink, signal), signal);
}
