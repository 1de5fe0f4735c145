import { createStore, del, set, values } from 'idb-keyval';
import * as v from 'valibot';
import { Observable } from '../controls/observable.ts';
import { type TunedRun, tunedRun } from './tuned-run.ts';

/** Where kept runs lie; a browser that keeps nothing rejects. */
export interface TunedStore {
  list(): Promise<readonly unknown[]>;
  put(run: TunedRun): Promise<void>;
  remove(id: string): Promise<void>;
}

/** The fine-tunings that a person kept, the latest first; nothing is kept without being asked for. */
export class TunedShelf {
  readonly runs = new Observable<readonly TunedRun[]>([]);
  readonly #open: () => TunedStore;

  constructor(open: () => TunedStore = openDatabase) {
    this.#open = open;
  }

  /** Looks what is kept; runs of another version of the page stay untouched, and are not shown. */
  async load(): Promise<void> {
    try {
      const found = (await this.#open().list()).flatMap((value) => {
        const read = v.safeParse(tunedRun, value);
        return read.success ? [read.output] : [];
      });
      this.runs.value = found.toSorted((a, b) => (a.id < b.id ? 1 : -1));
    } catch {
      this.runs.value = []; // a private window keeps nothing
    }
  }

  /** Rejects where the browser keeps nothing. */
  async keep(run: TunedRun): Promise<void> {
    await this.#open().put(run);
    await this.load();
  }

  async remove(id: string): Promise<void> {
    await this.#open().remove(id);
    await this.load();
  }
}

/** A database of its own: a store cannot be added to one that is open elsewhere. */
function openDatabase(): TunedStore {
  const store = createStore('gradproof-tuned', 'runs');
  return {
    list: () => values<unknown>(store),
    put: (run) => set(run.id, run, store),
    remove: (id) => del(id, store),
  };
}
