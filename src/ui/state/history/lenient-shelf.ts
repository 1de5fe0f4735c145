import { type KeptRun, latestFirst, MemoryShelf, type Shelf } from './shelf.ts';

/** A browser whose storage is full is asked again so often, each time with more room. */
const TRIES = 3;

/**
 * A shelf that takes every run: what the browser does not keep is remembered until the page is closed. Where storage is full, the oldest
 * runs make room; those that are kept stay in sight whatever becomes of a new one.
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
    for (let left = TRIES; left > 0; left--) {
      try {
        await (await this.#shelf).put(run, packed);
        return await this.#memory.remove([idOf(run)]);
      } catch (error) {
        if (left === 1 || !isFull(error) || !(await this.#makeRoom(run))) break;
      }
    }
    await this.#memory.put(run, packed);
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

  /** Removes the oldest runs that together are as large as `wanted`; false where there is nothing left to remove. */
  async #makeRoom(wanted: KeptRun): Promise<boolean> {
    const shelf = await this.#shelf;
    const kept = latestFirst(await shelf.list()).filter((run) => idOf(run) !== idOf(wanted));
    const gone: string[] = [];
    for (let bytes = 0; bytes < wanted.bytes; ) {
      const oldest = kept[kept.length - 1 - gone.length];
      if (!oldest) break;
      gone.push(idOf(oldest));
      bytes += oldest.bytes;
    }
    await shelf.remove(gone);
    return gone.length > 0;
  }
}

function idOf({ head }: KeptRun): string {
  return head.run.id;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError';
}
