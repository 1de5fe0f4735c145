import type { Item } from './run-results.ts';

/**
 * Cases that wait for one of several workers. Each keeps to a suite while it has cases, for its
 * device has compiled the suite's kernels, and which another worker is not at, if there is one.
 */
export class CaseQueue {
  readonly #waiting: Item[];
  readonly #keepsOrder: boolean;
  /** The suite that each worker took its last case of. */
  readonly #suites = new Map<number, string>();

  /** `keepsOrder`: hand out cases as they stand, whatever their suite. */
  constructor(items: readonly Item[], { keepsOrder }: { readonly keepsOrder: boolean }) {
    this.#waiting = [...items];
    this.#keepsOrder = keepsOrder;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** The next case for worker number `worker`; undefined when none waits. */
  take(worker: number): Item | undefined {
    const [item] = this.#waiting.splice(this.#placeFor(worker), 1);
    if (item) this.#suites.set(worker, item.declared.suite);
    return item;
  }

  /** Puts a case where it is the next to be taken. */
  putFirst(item: Item): void {
    this.#waiting.unshift(item);
  }

  /** The worker takes no more: its suite is free for others. */
  leave(worker: number): void {
    this.#suites.delete(worker);
  }

  #placeFor(worker: number): number {
    if (this.#keepsOrder) return 0;
    const own = this.#suites.get(worker);
    const begun = new Set(this.#suites.values());
    const place = (isWanted: (suite: string) => boolean) =>
      this.#waiting.findIndex(({ declared }) => isWanted(declared.suite));
    const candidates = [place((suite) => suite === own), place((suite) => !begun.has(suite)), 0];
    return candidates.find((found) => found >= 0) as number;
  }
}
