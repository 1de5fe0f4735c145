import type { Environment } from '../report/schema.ts';
import type { FromWorker, ToWorker, WorkerLink } from '../worker/messages.ts';
import { UnusableError } from './unusable.ts';

/** What became of a request. `refused`: the worker answered that it cannot. */
export type Reply =
  | Extract<FromWorker, { type: 'done' }>
  | { readonly type: 'refused'; readonly code: string; readonly message: string }
  | { readonly type: 'timeout' }
  | { readonly type: 'dead'; readonly reason: string }
  | { readonly type: 'aborted' };

/** Time for a device, its probe and the first pipelines. */
const START_TIMEOUT_MS = 30_000;

/** A worker with a device, ready for one case at a time. */
export class PoolWorker {
  readonly #link: WorkerLink;
  readonly #inbox: Inbox;
  readonly #signal: AbortSignal | undefined;
  #environment: Environment | undefined;

  private constructor(link: WorkerLink, signal: AbortSignal | undefined) {
    this.#link = link;
    this.#inbox = new Inbox(link);
    this.#signal = signal;
  }

  /** Starts a worker and waits for its device. Throws {@link UnusableError}, and the signal's reason when it aborts. */
  static async start(startLink: () => WorkerLink, signal: AbortSignal | undefined): Promise<PoolWorker> {
    const worker = new PoolWorker(startLink(), signal);
    try {
      await worker.renewDevice();
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
  async renewDevice(): Promise<void> {
    this.#link.post({ type: 'start' });
    const answer = await this.#inbox.next(START_TIMEOUT_MS, this.#signal);
    switch (answer.type) {
      case 'ready':
        this.#environment = answer.environment;
        return;
      case 'unusable':
        throw new UnusableError(answer.code, answer.message);
      case 'aborted':
        throw this.#signal?.reason;
      default:
        throw new UnusableError('no-device', answer.type === 'dead' ? answer.reason : `no device within ${START_TIMEOUT_MS} ms`);
    }
  }

  /** Runs a case. The limit counts from here: neither the wait for a free worker nor a device's start is in it. */
  async run(request: Extract<ToWorker, { type: 'case' }>, limitMs: number): Promise<Reply> {
    this.#link.post(request);
    const answer = await this.#inbox.next(limitMs, this.#signal);
    if (answer.type === 'unusable') return { type: 'refused', code: answer.code, message: answer.message };
    if (answer.type === 'ready' || answer.type === 'training' || answer.type === 'trained') {
      return { type: 'refused', code: 'protocol', message: `the worker answered ${answer.type} to a case` };
    }
    return answer;
  }

  terminate(): void {
    this.#link.terminate();
  }
}

type Answer = FromWorker | Extract<Reply, { type: 'timeout' | 'dead' | 'aborted' }>;

/** The answers of one worker as promises: each request has one answer, or a time-out, or the worker's death. */
class Inbox {
  #deliver: ((answer: Answer) => void) | undefined;
  #dead: string | undefined;

  constructor(link: WorkerLink) {
    link.onMessage((message) => this.#deliver?.(message));
    link.onDeath((reason) => {
      this.#dead = reason;
      this.#deliver?.({ type: 'dead', reason });
    });
  }

  next(timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.resolve({ type: 'dead', reason: this.#dead });
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ type: 'timeout' }), timeoutMs);
      const abort = () => settle({ type: 'aborted' });
      const settle = (answer: Answer) => {
        clearTimeout(timer);
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
