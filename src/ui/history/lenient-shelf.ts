import { type KeptRun, latestFirst, MemoryShelf, type Shelf } from './shelf.ts';

/** A browser whose storage is full is asked again so often, each time with more room. */
const TRIES = 3;

/**
 * A shelf that takes every run: what the browser does not keep is remembered until the page is
 * closed. Where storage is full, the oldest runs make room; those that are kept stay in sight
 * whatever becomes of a new one.
 */
export class LenientShelf implements Shelf {
  readonly #shelf: Promise<Shelf>;
  readonly #memory = new MemoryShelf();
  #lasting = true;

  /** `shelf` may reject, as each of its calls, where the browser keeps nothing. */
  constructor(shelf: Promise<Shelf>) {
    this.#shelf = shelf;
    shelf.catch(() => {}); // told by the first call
  }

  /** Whether all runs outlast this visit. */
  get lasting(): boolean {
    return this.#lasting;
  }

  async list(): Promise<readonly KeptRun[]> {
    const remembered = await this.#memory.list();
    const known = new Set(remembered.map(idOf));
    try {
      const kept = await (await this.#shelf).list();
      this.#lasting = remembered.length === 0;
      return [...remembered, ...kept.filter((run) => !known.has(idOf(run)))];
    } catch {
      this.#lasting = false;
      return remembered;
    }
  }

  async read(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.#memory.read(id)) ?? (await this.#shelf).read(id);
  }

  async put(run: KeptRun, packed: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#putWithRoom(await this.#shelf, run, packed);
      await this.#memory.remove([idOf(run)]);
    } catch {
      await this.#memory.put(run, packed);
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    const remembered = new Set((await this.#memory.list()).map(idOf));
    await this.#memory.remove(ids);
    try {
      await (await this.#shelf).remove(ids);
    } catch (error) {
      if (ids.some((id) => !remembered.has(id))) throw error;
    }
  }

  /**
   * The oldest runs go only where the new one then comes in: a browser may give their room back
   * late, and all would be lost for nothing.
   */
  async #putWithRoom(shelf: Shelf, run: KeptRun, packed: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let [round, instead]: [number, readonly string[]] = [0, []]; ; round++) {
      try {
        return await shelf.put(run, packed, instead);
      } catch (error) {
        const more =
          isFull(error) && round + 1 < TRIES
            ? oldest(await shelf.list(), run, (round + 1) * run.bytes)
            : [];
        if (more.length <= instead.length) throw error;
        instead = more;
      }
    }
  }
}

/** The oldest runs beside `wanted` that together have `size` bytes, or all. */
function oldest(runs: readonly KeptRun[], wanted: KeptRun, size: number): readonly string[] {
  const others = latestFirst(runs).filter((run) => idOf(run) !== idOf(wanted));
  const gone: string[] = [];
  for (let bytes = 0; bytes < size; ) {
    const run = others[others.length - 1 - gone.length];
    if (!run) break;
    gone.push(idOf(run));
    bytes += run.bytes;
  }
  return gone;
}

function idOf({ head }: KeptRun): string {
  return head.run.id;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError';
}
