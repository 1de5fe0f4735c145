/** A switch that somebody holds: while it is on, a training run waits between two steps. */
export class Pause {
  #on = false;
  #follower: ((on: boolean) => void) | undefined;

  get on(): boolean {
    return this.#on;
  }

  set on(on: boolean) {
    this.#on = on;
    this.#follower?.(on);
  }

  /** Tells the one run that follows of every change, and now if it is on, until the returned function is called. */
  follow(follower: (on: boolean) => void): () => void {
    this.#follower = follower;
    if (this.#on) follower(true);
    return () => {
      this.#follower = undefined;
    };
  }
}
