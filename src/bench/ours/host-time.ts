/** What a run costs on the host, beside waiting for the device. */
export class HostTime {
  #ms = 0;
  #commands = 0;
  #runs = 0;

  /** Adds so many runs that took `ms` on the host and dispatched so many commands. */
  add(runs: number, ms: number, commands: number): void {
    this.#ms += ms;
    this.#commands += commands;
    this.#runs += runs;
  }

  /** Milliseconds and commands of a run, and microseconds of a command. */
  metrics(setting: string): Readonly<Record<string, number>> {
    if (this.#runs === 0) return {};
    return {
      [`${setting}HostMs`]: this.#ms / this.#runs,
      [`${setting}Commands`]: this.#commands / this.#runs,
      ...(this.#commands > 0
        ? { [`${setting}HostUsPerCommand`]: (1000 * this.#ms) / this.#commands }
        : {}),
    };
  }
}
