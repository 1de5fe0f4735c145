import { afterAwake } from '../../awake-timer.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { Environment } from '../../report/schema.ts';
import type { Death, FromWorker, ToWorker, WorkerLink } from '../worker/messages.ts';
import { UnusableError } from './unusable.ts';

/** What became of a request. `refused`: the worker answered that it cannot. */
export type Reply =
  | Extract<FromWorker, { type: 'done' }>
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'timeout' }
  | ({ readonly type: 'dead' } & Death)
  | { readonly type: 'aborted' };

/** Time for a device, its probe and the first pipelines. */
const START_TIMEOUT_MS = 30_000;

/** A worker with a device, ready for one case at a time. */
export class PoolWorker {
  readonly #link: WorkerLink;
  readonly #inbox: Inbox;
  readonly #signal: AbortSignal | undefined;
  /** Whether its GPU process serves no other worker. */
  readonly ownsGpu: boolean;
  readonly #tuned: readonly TuningRow[];
  #environment: Environment | undefined;

  private constructor(
    link: WorkerLink,
    signal: AbortSignal | undefined,
    ownsGpu: boolean,
    tuned: readonly TuningRow[],
  ) {
    this.ownsGpu = ownsGpu;
    this.#tuned = tuned;
    this.#link = link;
    this.#inbox = new Inbox(link);
    this.#signal = signal;
  }

  /**
   * Starts a worker and waits for its device. Throws {@link UnusableError}, and the signal's reason
   * when it aborts.
   */
  static async start(
    startLink: () => WorkerLink,
    signal: AbortSignal | undefined,
    {
      ownsGpu = false,
      timeoutMs,
      tuned = [],
    }: {
      readonly ownsGpu?: boolean;
      readonly timeoutMs?: number | undefined;
      readonly tuned?: readonly TuningRow[] | undefined;
    } = {},
  ): Promise<PoolWorker> {
    const worker = new PoolWorker(startLink(), signal, ownsGpu, tuned);
    try {
      await worker.renewDevice(timeoutMs);
      return worker;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** Where the worker computes. */
  get environment(): Environment {
    return this.#environment as Environment;
  }

  /** Makes the worker replace a device that was lost. Throws like {@link PoolWorker.start}. */
  async renewDevice(timeoutMs = START_TIMEOUT_MS): Promise<void> {
    this.#link.post({ type: 'start', tuned: this.#tuned });
    const answer = await this.#inbox.next(timeoutMs, this.#signal);
    switch (answer.type) {
      case 'ready':
        this.#environment = answer.environment;
        return;
      case 'unusable':
        throw new UnusableError(answer.code, answer.message);
      case 'aborted':
        throw this.#signal?.reason;
      default:
        throw new UnusableError(
          'no-device',
          answer.type === 'dead' ? answer.reason : `no device within ${timeoutMs} ms`,
        );
    }
  }

  /**
   * Runs a case. The limit counts from here, while the page is awake: neither the wait for a free
   * worker nor a device's start is in it.
   */
  async run(request: Extract<ToWorker, { type: 'case' }>, limitMs: number): Promise<Reply> {
    const answer = await this.ask(request, limitMs);
    switch (answer.type) {
      case 'unusable':
        return { type: 'refused', code: answer.code, message: answer.message };
      case 'done':
      case 'timeout':
      case 'dead':
      case 'aborted':
        return answer;
      default:
        return {
          type: 'refused',
          code: 'protocol',
          message: `the worker answered ${answer.type} to a case`,
        };
    }
  }

  /** Sends a request of any kind and waits for its answer, the limit or the worker's end. */
  ask(request: ToWorker, limitMs: number): Promise<Answer> {
    this.#link.post(request);
    return this.#inbox.next(limitMs, this.#signal);
  }

  terminate(): void {
    this.#link.terminate();
  }
}

/** What a worker says, or why it says nothing. */
export type Answer = FromWorker | Extract<Reply, { type: 'timeout' | 'dead' | 'aborted' }>;

/**
 * The answers of one worker as promises: each request has one answer, or a time-out, or the
 * worker's death.
 */
class Inbox {
  #deliver: ((answer: Answer) => void) | undefined;
  #dead: Death | undefined;

  constructor(link: WorkerLink) {
    link.onMessage((message) => this.#deliver?.(message));
    link.onDeath((death) => {
      this.#dead = death;
      this.#deliver?.({ type: 'dead', ...death });
    });
  }

  next(timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.resolve({ type: 'dead', ...this.#dead });
    return new Promise((resolve) => {
      const cancel = afterAwake(timeoutMs, () => settle({ type: 'timeout' }));
      const abort = () => settle({ type: 'aborted' });
      const settle = (answer: Answer) => {
        cancel();
        signal?.removeEventListener('abort', abort);
        this.#deliver = undefined;
        resolve(answer);
      };
      this.#deliver = settle;
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
    });
  }
}
