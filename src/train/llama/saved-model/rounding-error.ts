import type { WholeValue } from './whole-values.ts';

/** How far weights as they are saved are from what base and adapters do together. */
export interface SavingError {
  /** Root mean square of what rounding changed, relative to that of the weights; of merged ones. */
  readonly ofWeights: number;
  /** The same relative to what the adapters changed. */
  readonly ofChange: number;
}

/** Adds up squares over tensors. */
export class RoundingError {
  #off = 0;
  #weights = 0;
  #change = 0;
  #merged = 0;

  /** Takes a merged weight with what its saved form stands for; one without an adapter tells nothing. */
  add({ value, base }: WholeValue, saved: ArrayLike<number>): void {
    if (!base) return;
    this.#merged += 1;
    for (let i = 0; i < value.data.length; i++) {
      const own = value.data[i] as number;
      this.#off += (own - (saved[i] as number)) ** 2;
      this.#weights += own ** 2;
      this.#change += (own - (base.data[i] as number)) ** 2;
    }
  }

  /** Linears that were merged. */
  get merged(): number {
    return this.#merged;
  }

  /** Of all; undefined where nothing was merged. */
  get error(): SavingError | undefined {
    if (this.#merged === 0) return undefined;
    const relative = (to: number) => (this.#off === 0 ? 0 : Math.sqrt(this.#off / to));
    return { ofWeights: relative(this.#weights), ofChange: relative(this.#change) };
  }
}
