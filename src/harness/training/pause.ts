/** A switch: while it is on, a training run waits between two steps. */
export class Pause {
  #on = false;
  #listener: ((on: boolean) => void) | undefined;

  get on(): boolean {
    return this.#on;
  }

  set on(on: boolean) {
    this.#on = on;
    this.#listener?.(on);
  }

  /**
   * Tells the one run that follows of every change, and now if it is on, until the returned
   * function is called.
   */
  follow(listener: (on: boolean) => void): () => void {
    this.#listener = listener;
    if (this.#on) listener(true);
    return () => {
      this.#listener = undefined;
    };
  }
}
