import type { Item } from './run-results.ts';

/** The suite that calls ops of all families, with kernels that their own suites compile too. */
const OF_ALL_FAMILIES = 'ops.wants';

/**
 * The suite of the most and shortest cases: a worker in another browser waits longer for each of
 * them than it works.
 */
const OF_REFUSALS = 'ops.refusals';

/** The suite whose kernels compile longest, which trainings, among the last suites, compile too. */
const OF_ATTENTION = 'ops.attention.scaled_dot_product_attention';

/** The cases with suites beside those that share their kernels, and refusals for the first worker. */
function besideTheirKernels(items: readonly Item[]): Item[] {
  const of = (name: string) => items.filter(({ declared }) => declared.suite === name);
  const moved: readonly string[] = [OF_ALL_FAMILIES, OF_REFUSALS, OF_ATTENTION];
  const others = items.filter(({ declared }) => !moved.includes(declared.suite));
  const found = others.findIndex(({ declared }) => declared.suite.startsWith('ops.'));
  const ofOps = found < 0 ? others.length : found;
  const first = [...of(OF_ALL_FAMILIES), ...of(OF_REFUSALS)];
  return [...others.toSpliced(ofOps, 0, ...first), ...of(OF_ATTENTION)];
}

/**
 * Cases that wait for one of several workers. Each keeps to a suite while it has cases, for its
 * device has compiled the suite's kernels, and which another worker is not at, if there is one.
 * Neighbours among suites share kernels, so every second worker begins with the last suites.
 */
export class CaseQueue {
  readonly #waiting: Item[];
  readonly #keepsOrder: boolean;
  /** The suite that each worker took its last case of. */
  readonly #suites = new Map<number, string>();

  /** `keepsOrder`: hand out cases as they stand, whatever their suite. */
  constructor(items: readonly Item[], { keepsOrder }: { readonly keepsOrder: boolean }) {
    this.#waiting = keepsOrder ? [...items] : besideTheirKernels(items);
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
    const isFree = ({ declared }: Item) => !begun.has(declared.suite);
    const free = worker % 2 === 0 ? this.#waiting.find(isFree) : this.#waiting.findLast(isFree);
    const place = (suite: string | undefined) =>
      this.#waiting.findIndex(({ declared }) => declared.suite === suite);
    const candidates = [place(own), place(free?.declared.suite), 0];
    return candidates.find((found) => found >= 0) as number;
  }
}
