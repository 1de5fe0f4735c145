import type { Environment } from '../report/schema.ts';
import { persistently } from '../runner/persistently.ts';
import { type Answer, PoolWorker } from '../runner/pool-worker.ts';
import type { Death, ToWorker, WorkerLink } from '../worker/messages.ts';

/** A worker that dies so often of the same request dies of it, or of somebody who does not let it live. */
export const MOST_DEATHS = 3;

/** One worker at a time. */
export interface Bench {
  readonly ask: (request: ToWorker, limitMs: number) => Promise<Answer>;
  /** Replaces the worker by a fresh one. */
  readonly renew: () => Promise<void>;
}

/** A few workers that share a queue of questions. */
export class Crew implements Disposable {
  readonly environment: Environment;
  readonly #startLink: () => WorkerLink;
  readonly #workers: PoolWorker[];
  readonly #ended: AbortController;
  readonly #signal: AbortSignal;

  private constructor(first: PoolWorker, startLink: () => WorkerLink, ended: AbortController, signal: AbortSignal) {
    this.environment = first.environment;
    this.#workers = [first];
    this.#startLink = startLink;
    this.#ended = ended;
    this.#signal = signal;
  }

  /** Starts `size` workers, or as many as get a device. Throws UnusableError when none does, and the signal's reason. */
  static async start(size: number, startLink: () => WorkerLink, signal: AbortSignal): Promise<Crew> {
    const ended = new AbortController();
    const untilEnd = AbortSignal.any([signal, ended.signal]);
    const crew = new Crew(await start(startLink, untilEnd), startLink, ended, untilEnd);
    const more = Array.from({ length: size - 1 }, () => crew.#start().catch(() => undefined));
    crew.#workers.push(...(await Promise.all(more)).filter((worker) => worker !== undefined));
    return crew;
  }

  /** Works through `items`, every worker at one of them, until all are done or the signal aborts. */
  async share<T>(items: readonly T[], work: (item: T, bench: Bench) => Promise<void>): Promise<void> {
    const queue = [...items];
    await Promise.all(
      this.#workers.map(async (_, place) => {
        const bench: Bench = {
          ask: (request, limitMs) => (this.#workers[place] as PoolWorker).ask(request, limitMs),
          renew: () => this.#renew(place),
        };
        for (let item = queue.shift(); item !== undefined && !this.#signal.aborted; item = queue.shift()) await work(item, bench);
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const worker of this.#workers) worker.terminate();
  }

  async #renew(place: number): Promise<void> {
    this.#workers[place]?.terminate();
    this.#workers[place] = await this.#start();
  }

  #start(): Promise<PoolWorker> {
    return start(this.#startLink, this.#signal);
  }
}

/** Asks, and another worker again after each death that `isTriedAgain`, {@link MOST_DEATHS} times at most; the worker of the last answer is kept. */
export async function askAgain(bench: Bench, request: ToWorker, limitMs: number, isTriedAgain: (death: Death) => boolean): Promise<Answer> {
  let answer = await bench.ask(request, limitMs);
  for (let deaths = 1; answer.type === 'dead' && isTriedAgain(answer) && deaths < MOST_DEATHS; deaths++) {
    await bench.renew();
    answer = await bench.ask(request, limitMs);
  }
  return answer;
}

function start(startLink: () => WorkerLink, signal: AbortSignal): Promise<PoolWorker> {
  return persistently(() => PoolWorker.start(startLink, signal), signal);
}
