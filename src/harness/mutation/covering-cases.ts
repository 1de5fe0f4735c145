/** A case that passes on the original kernels. */
export interface BaselineCase {
  readonly id: string;
  readonly backend: string;
  readonly kernels: readonly string[];
  readonly durationMs: number;
}

/** The cases that dispatch a kernel: those that killed most mutants first, then the fastest. */
export class CoveringCases {
  readonly #cases: BaselineCase[] = [];
  readonly #kills = new Map<string, number>();

  /** Adds cases. */
  add(cases: readonly BaselineCase[]): void {
    this.#cases.push(...cases);
  }

  casesOf(kernels: readonly string[]): readonly BaselineCase[] {
    const cases = this.#cases.filter((entry) =>
      entry.kernels.some((kernel) => kernels.includes(kernel)),
    );
    return cases.sort(
      (a, b) => this.#killsOf(b.id) - this.#killsOf(a.id) || a.durationMs - b.durationMs,
    );
  }

  /** Counts that a case killed a mutant. */
  countKill(id: string): void {
    this.#kills.set(id, this.#killsOf(id) + 1);
  }

  #killsOf(id: string): number {
    return this.#kills.get(id) ?? 0;
  }
}
