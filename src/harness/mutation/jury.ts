/** A case that passes on the original kernels. */
export interface BaselineCase {
  readonly id: string;
  readonly backend: string;
  readonly kernels: readonly string[];
  readonly durationMs: number;
}

/** The cases in which a kernel's change can show, those first that are known to tell and then the fastest. */
export class Jury {
  readonly #cases: BaselineCase[] = [];
  readonly #kills = new Map<string, number>();

  /** Adds cases. */
  seat(cases: readonly BaselineCase[]): void {
    this.#cases.push(...cases);
  }

  casesOf(kernels: readonly string[]): readonly BaselineCase[] {
    const cases = this.#cases.filter((entry) => entry.kernels.some((kernel) => kernels.includes(kernel)));
    return cases.sort((a, b) => this.#killsOf(b.id) - this.#killsOf(a.id) || a.durationMs - b.durationMs);
  }

  /** Remembers that a case turned red. */
  praise(id: string): void {
    this.#kills.set(id, this.#killsOf(id) + 1);
  }

  #killsOf(id: string): number {
    return this.#kills.get(id) ?? 0;
  }
}
