import { EXIT } from './exit.ts';

/**
 * A signal that comes so soon after the first is the same keystroke, handed on by npm or a shell.
 */
const SAME_KEYSTROKE_MS = 1_000;

/**
 * Ctrl-C as a signal: the first ends the work with a partial result, a later one ends the process.
 */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  #firstMs = Number.POSITIVE_INFINITY;
  readonly #onSignal = () => {
    if (performance.now() - this.#firstMs > SAME_KEYSTROKE_MS) process.exit(EXIT.interrupted);
    this.#firstMs = Math.min(this.#firstMs, performance.now());
    this.#controller.abort();
  };

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, this.#onSignal);
  }
}
