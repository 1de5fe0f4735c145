import { InterruptedError } from '../exit.ts';
import { Interrupt } from '../interrupt.ts';

/** While the server of a model is asked: Ctrl-C ends that, and a line says so. */
export class Asking implements Disposable {
  /** As a line names it. */
  readonly host: string;
  readonly #interrupt = new Interrupt();

  constructor(address: string) {
    this.host = URL.canParse(address) ? new URL(address).host : address;
  }

  /** Aborts at Ctrl-C. */
  get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  /** What comes of work that asks the server. Throws InterruptedError after Ctrl-C. */
  async during<T>(work: Promise<T>): Promise<T> {
    const [done] = await Promise.allSettled([work]);
    // What the work throws then says that it was ended.
    if (this.signal.aborted)
      throw new InterruptedError(
        `interrupted while ${this.host} was asked for the model: nothing was trained`,
      );
    return done.status === 'fulfilled' ? done.value : Promise.reject(done.reason);
  }

  [Symbol.dispose](): void {
    this.#interrupt[Symbol.dispose]();
  }
}
