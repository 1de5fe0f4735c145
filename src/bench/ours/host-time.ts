import { median } from '../../report/median.ts';

/** What a run costs on the host, beside waiting for the device: medians over runs. */
export class HostTime {
  readonly #ms: number[] = [];
  readonly #commands: number[] = [];

  /**
   * Adds a run that took `ms` on the host and dispatched so many commands. The device should be at
   * rest before: where it is a processor, what it computes slows the host down.
   */
  add(ms: number, commands: number): void {
    this.#ms.push(ms);
    this.#commands.push(commands);
  }

  /** Milliseconds and commands of a run, and microseconds of a command. */
  metrics(setting: string): Readonly<Record<string, number>> {
    if (this.#ms.length === 0) return {};
    const ms = median(this.#ms);
    const commands = median(this.#commands);
    return {
      [`${setting}HostMs`]: ms,
      [`${setting}Commands`]: commands,
      ...(commands > 0 ? { [`${setting}HostUsPerCommand`]: (1000 * ms) / commands } : {}),
    };
  }
}
