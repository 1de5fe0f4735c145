import { withWords } from '../messages/words.ts';

/** Something whose code is loaded when it is first needed; it is made once. */
export class Later<T> {
  readonly #make: () => Promise<T>;
  #making: Promise<T> | undefined;
  #made: T | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** What was made; undefined before that. */
  get made(): T | undefined {
    return this.#made;
  }

  /** Makes it unless it is there. After a failure the next call tries again. */
  get(): Promise<T> {
    this.#making ??= this.#once();
    return this.#making;
  }

  async #once(): Promise<T> {
    try {
      this.#made = await withWords(this.#make());
      return this.#made;
    } catch (error) {
      this.#making = undefined; // the network may be back
      throw error;
    }
  }
}
