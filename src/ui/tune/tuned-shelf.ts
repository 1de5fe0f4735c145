import { createStore, del, entries, set } from 'idb-keyval';
import * as v from 'valibot';
import { Observable } from '../controls/observable.ts';
import { keptBytes, type TunedRun, tunedRun } from './tuned-run.ts';

/** Where kept runs lie; a browser that keeps nothing rejects. */
export interface TunedStore {
  /** All that lies there by its id. */
  list(): Promise<readonly (readonly [id: string, kept: unknown])[]>;
  put(run: TunedRun): Promise<void>;
  remove(id: string): Promise<void>;
}

/** A kept run that this version of the page cannot read. */
export interface ForeignTuning {
  readonly id: string;
  readonly bytes: number;
}

/** The fine-tunings that a person kept, the latest first; nothing is kept without being asked for. */
export class TunedShelf {
  readonly runs = new Observable<readonly TunedRun[]>([]);
  /** Those that take room, and that this version of the page cannot read. */
  readonly foreign = new Observable<readonly ForeignTuning[]>([]);
  readonly #open: () => TunedStore;

  constructor(open: () => TunedStore = openDatabase) {
    this.#open = open;
  }

  /** Looks what is kept. */
  async load(): Promise<void> {
    try {
      const found = await this.#open().list();
      const runs: TunedRun[] = [];
      const foreign: ForeignTuning[] = [];
      for (const [id, kept] of found) {
        if (v.is(tunedRun, kept)) runs.push(kept);
        else foreign.push({ id, bytes: keptBytes(kept) });
      }
      this.runs.value = runs.toSorted((a, b) => (a.id < b.id ? 1 : -1));
      this.foreign.value = foreign;
    } catch {
      this.runs.value = []; // a private window keeps nothing
      this.foreign.value = [];
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
    list: () => entries<string, unknown>(store),
    put: (run) => set(run.id, run, store),
    remove: (id) => del(id, store),
  };
}
