import { InterruptedError } from '../exit.ts';

/** How long what is asked to end may take for the part that it is at. */
const GRACE_MS = 10_000;

/** The time that work has to end by itself once `signal` has aborted. */
export class Grace implements Disposable {
  /** Rejects with InterruptedError when that time is over, unless this was disposed before. */
  readonly over: Promise<never>;
  readonly #ended = new AbortController();

  constructor(signal: AbortSignal, ms = GRACE_MS) {
    this.over = new Promise((_, reject) => {
      const begin = () => {
        const message = `interrupted: what went on did not end within ${ms / 1000} s and is left out`;
        const timer = setTimeout(() => reject(new InterruptedError(message)), ms);
        this.#ended.signal.addEventListener('abort', () => clearTimeout(timer));
      };
      if (signal.aborted) begin();
      else signal.addEventListener('abort', begin, { once: true, signal: this.#ended.signal });
    });
    this.over.catch(() => {}); // heard by who races with it, if at all
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}
