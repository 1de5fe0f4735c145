import type { ReportHead } from '../../report/head.ts';

/** A run that is kept: all but its results, and how large they are. */
export interface KeptRun {
  readonly head: ReportHead;
  /** Size of the packed report. */
  readonly bytes: number;
}

/** Where runs are kept, each under its `run.id`. */
export interface Shelf {
  list(): Promise<readonly KeptRun[]>;
  /** The packed report; undefined where there is none. */
  read(id: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Replaces what had the same id, and what `instead` names; where it rejects, all is as it was.
   */
  put(run: KeptRun, packed: Uint8Array<ArrayBuffer>, instead?: readonly string[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
}

/** How much is kept at most. */
export interface ShelfLimits {
  readonly runs: number;
  readonly bytes: number;
}

/** A year of a run a week; a quick run is about 60 KB. */
export const LIMITS: ShelfLimits = { runs: 50, bytes: 24e6 };

/** A shelf that lasts as long as the page is open, for browsers that keep nothing. */
export class MemoryShelf implements Shelf {
  readonly #kept = new Map<
    string,
    { readonly run: KeptRun; readonly packed: Uint8Array<ArrayBuffer> }
  >();

  async list(): Promise<readonly KeptRun[]> {
    return [...this.#kept.values()].map(({ run }) => run);
  }

  async read(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#kept.get(id)?.packed;
  }

  async put(
    run: KeptRun,
    packed: Uint8Array<ArrayBuffer>,
    instead: readonly string[] = [],
  ): Promise<void> {
    await this.remove(instead);
    this.#kept.set(run.head.run.id, { run, packed });
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#kept.delete(id);
  }
}

/** The runs, the latest first. */
export function latestFirst(runs: readonly KeptRun[]): readonly KeptRun[] {
  return runs.toSorted(
    (a, b) => Date.parse(b.head.run.startedAt) - Date.parse(a.head.run.startedAt),
  );
}

/**
 * The ids that have to go so that the rest is within `limits`: the oldest ones, never the latest,
 * and not the one that `justKept` names.
 */
export function overLimits(
  runs: readonly KeptRun[],
  limits: ShelfLimits,
  justKept?: string,
): readonly string[] {
  const sorted = latestFirst(runs);
  let bytes = 0;
  const kept = sorted.findIndex((run, position) => {
    bytes += run.bytes;
    return position > 0 && (position >= limits.runs || bytes > limits.bytes);
  });
  const over = kept < 0 ? [] : sorted.slice(kept).map(({ head }) => head.run.id);
  return over.filter((id) => id !== justKept);
}
