import { createStore, delMany, get, getMany, keys, promisifyRequest } from 'idb-keyval';
import * as v from 'valibot';
import { reportHead } from '../../report/head.ts';
import type { KeptRun, Shelf } from './shelf.ts';

const keptRun = v.object({
  head: reportHead,
  bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/**
 * Keys are texts: what a list shows is under the first prefix, the packed report under the second.
 */
const HEAD = 'head/';
const REPORT = 'report/';

/**
 * A shelf in the browser's own database. Every call rejects where the browser keeps nothing: a
 * private window, blocked storage.
 */
export class IndexedShelf implements Shelf {
  readonly #store = createStore('gradproof', 'runs');

  /** The kept runs of this schema; others, such as those of a later version, stay untouched. */
  async list(): Promise<readonly KeptRun[]> {
    const heads = (await keys<IDBValidKey>(this.#store)).filter(
      (key) => typeof key === 'string' && key.startsWith(HEAD),
    );
    const found = await getMany<unknown>(heads, this.#store);
    return found.flatMap((value) => {
      const parsed = v.safeParse(keptRun, value);
      return parsed.success ? [parsed.output] : [];
    });
  }

  async read(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const packed = await get<unknown>(keysOf(id)[1], this.#store);
    return packed instanceof Uint8Array ? new Uint8Array(packed) : undefined;
  }

  /**
   * One transaction, so that a browser without room for the new run gives back those that were to
   * make it.
   */
  put(
    run: KeptRun,
    packed: Uint8Array<ArrayBuffer>,
    instead: readonly string[] = [],
  ): Promise<void> {
    return this.#store('readwrite', (store) => {
      for (const key of instead.flatMap(keysOf)) store.delete(key);
      const [head, report] = keysOf(run.head.run.id);
      store.put(run, head);
      store.put(packed, report);
      return promisifyRequest(store.transaction);
    });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await delMany(ids.flatMap(keysOf), this.#store);
  }
}

function keysOf(id: string): [head: string, report: string] {
  return [`${HEAD}${id}`, `${REPORT}${id}`];
}
