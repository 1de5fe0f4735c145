/** A gate between the steps of a run: while it is closed, the run waits before its next step. */
export class Gate {
  #opened: Promise<void> | undefined;
  #open: () => void = () => {};

  /** Closes the gate, or opens it. */
  set closed(closed: boolean) {
    if (closed === this.closed) return;
    if (closed) {
      this.#opened = new Promise((resolve) => {
        this.#open = resolve;
      });
    } else {
      const open = this.#open;
      this.#opened = undefined;
      open();
    }
  }

  get closed(): boolean {
    return this.#opened !== undefined;
  }

  /** Settles when the gate is opened; undefined when it is open. */
  get opened(): Promise<void> | undefined {
    return this.#opened;
  }
}
