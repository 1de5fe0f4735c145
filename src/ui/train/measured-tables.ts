import { createStore, get, set } from 'idb-keyval';
import * as v from 'valibot';
import type { Measuring } from '../../bench/options.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { rowsTold } from '../../ops/tuning/told.ts';
import { isUnmeasured } from '../../ops/tuning/unmeasured.ts';
import { thisTool } from '../../report/tool.ts';
import type { AdapterFacts } from '../check/words.ts';

/** Rows as a report tells them. */
type Told = Readonly<Record<string, string>>;

/** Where tables are kept; a browser that keeps nothing rejects. */
export interface TableShelf {
  get(key: string): Promise<unknown>;
  set(key: string, table: Told): Promise<void>;
}

const told = v.record(v.string(), v.string());

/**
 * The tables that were measured on this device, for each adapter and build: another driver or
 * another build may be fastest by other kernels. Where the browser keeps nothing they are measured
 * for each run.
 */
export class MeasuredTables {
  readonly #measuring: Measuring;
  readonly #open: () => TableShelf;

  /** Tables of what is measured before a run of one kind. */
  constructor(measuring: Measuring, open: () => TableShelf = openDatabase) {
    this.#measuring = measuring;
    this.#open = open;
  }

  /**
   * The rows for an adapter: those that are kept, else those that `measure` finds, which are kept
   * then. It is given those that are kept where some of what they are of is still unmeasured. Throws
   * what `measure` throws.
   */
  async rowsFor(
    adapter: AdapterFacts,
    measure: (before?: readonly TuningRow[]) => Promise<Told>,
  ): Promise<readonly TuningRow[]> {
    const key = keyOf(adapter, this.#measuring);
    const kept = await this.#kept(key);
    if (kept && !kept.some(isUnmeasured)) return kept;
    const table = await measure(kept);
    await this.#keep(key, table);
    return rowsTold(table);
  }

  /** Nothing, where what is kept cannot be read: it is measured anew. */
  async #kept(key: string): Promise<readonly TuningRow[] | undefined> {
    try {
      const found = v.safeParse(told, await this.#open().get(key));
      return found.success ? rowsTold(found.output) : undefined;
    } catch {
      return undefined;
    }
  }

  async #keep(key: string, table: Told): Promise<void> {
    try {
      await this.#open().set(key, table);
    } catch {
      // A private window: the next run measures again.
    }
  }
}

function keyOf(
  { vendor, architecture, device, description }: AdapterFacts,
  measuring: Measuring,
): string {
  const { version, commit } = thisTool();
  return JSON.stringify([vendor, architecture, device, description, version, commit, measuring]);
}

/** A database of its own: a store cannot be added to one that is open elsewhere. */
function openDatabase(): TableShelf {
  const store = createStore('gradproof-tuning', 'tables');
  return { get: (key) => get<unknown>(key, store), set: (key, table) => set(key, table, store) };
}
