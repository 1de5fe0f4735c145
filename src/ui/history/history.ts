import type { Snapshot } from '../../report/compare/snapshot.ts';
import { isSamePlace } from '../../report/place.ts';
import type { Report } from '../../report/schema.ts';
import { Observable } from '../controls/observable.ts';
import { withWords } from '../messages/words.ts';
import type { RunState } from '../run/run-state.ts';
import { historyWords } from './history.en.ts';
import { LenientShelf } from './lenient-shelf.ts';
import { type KeptRun, LIMITS, latestFirst, overLimits, type Shelf } from './shelf.ts';

/** The runs that are kept. */
export interface HistoryState {
  readonly phase: 'loading' | 'ready';
  /** The latest first. */
  readonly runs: readonly KeptRun[];
  /**
   * Whether all of them outlast this visit: a private window, or a browser whose storage is blocked
   * or full, keeps them until the page is closed.
   */
  readonly lasting: boolean;
}

/** What became of files that were to be taken in. */
export interface Imported {
  readonly taken: number;
  /** Were there already. */
  readonly known: number;
  /** Are older than all that there is room for. */
  readonly tooOld: number;
  readonly problems: readonly string[];
}

/** So many snapshots stay in memory, each some hundred bytes a case. */
const SNAPSHOTS = 24;

/** Clocks may be off by so much, in milliseconds. */
const A_DAY_MS = 86_400_000;

/**
 * The runs of this device: each is kept when it has ended or was stopped, until it is deleted or
 * pruned.
 */
export class History {
  readonly state = new Observable<HistoryState>({ phase: 'loading', runs: [], lasting: true });
  readonly #open: () => Promise<Shelf>;
  #shelf: LenientShelf | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #snapshots = new Map<string, Promise<Snapshot>>();

  /** `open` gives the shelf of the browser, when it is first needed. */
  constructor(open: () => Promise<Shelf> = openIndexed) {
    this.#open = open;
  }

  /** Keeps every run of the page from here on. */
  follow(run: Observable<RunState>): void {
    let kept: Report | undefined;
    run.subscribe(({ phase, report }) => {
      if (phase !== 'ended' || !report || report === kept || report.results.length === 0) return;
      kept = report;
      this.keep(report);
    });
  }

  /** Looks what is kept, which another tab may have changed. */
  load(): Promise<void> {
    return this.#inTurn((shelf) => this.#show(shelf));
  }

  /**
   * Keeps a report, and prunes what is then too much; a run of this page, however old by its clock,
   * is not pruned at once.
   */
  keep(report: Report, imported = false): Promise<void> {
    return this.#inTurn(async (shelf) => {
      const [{ headOf }, { pack }] = await Promise.all([
        import('../../report/head.ts'),
        import('../../report/packed.ts'),
      ]);
      const packed = await pack(JSON.stringify(report));
      await shelf.put({ head: headOf(report), bytes: packed.length }, packed);
      this.#snapshots.delete(report.run.id);
      await shelf.remove(
        overLimits(await shelf.list(), LIMITS, imported ? undefined : report.run.id),
      );
      await this.#show(shelf);
    });
  }

  /** The latest kept run before `id` of the same kind, adapter and browser. */
  before(id: string): string | undefined {
    const { runs } = this.state.value;
    const at = runs.findIndex(({ head }) => head.run.id === id);
    const latest = runs[at]?.head;
    const [here] = latest?.environments ?? [];
    const earlier = runs
      .slice(at + 1)
      .find(
        ({ head }) =>
          here &&
          head.kind === latest?.kind &&
          head.environments.some((environment) => isSamePlace(environment, here)),
      );
    return earlier?.head.run.id;
  }

  remove(ids: readonly string[]): Promise<void> {
    return this.#inTurn(async (shelf) => {
      await shelf.remove(ids);
      for (const id of ids) this.#snapshots.delete(id);
      await this.#show(shelf);
    });
  }

  /** The report of a run. Throws, with a line for people, when it is gone or cannot be read. */
  async report(id: string): Promise<Report> {
    const packed = await this.#inTurn((shelf) => shelf.read(id));
    if (!packed) throw new Error(historyWords().runGone(id));
    const { readPacked } = await import('../../report/packed.ts');
    return readPacked(packed, id);
  }

  /** The run in the form that is compared; the last ones asked for stay in memory. */
  snapshot(id: string): Promise<Snapshot> {
    const known = this.#snapshots.get(id);
    if (known) return known;
    const [oldest] = this.#snapshots.keys();
    if (oldest !== undefined && this.#snapshots.size >= SNAPSHOTS) this.#snapshots.delete(oldest);
    const reading = import('../../report/compare/snapshot.ts').then(async ({ snapshotOfReport }) =>
      snapshotOfReport(await this.report(id)),
    );
    this.#snapshots.set(id, reading);
    reading.catch(() => this.#snapshots.delete(id));
    return reading;
  }

  /** All runs as one file; those that cannot be read are left out. */
  async export(): Promise<Uint8Array<ArrayBuffer>> {
    const { writeRuns } = await withWords(import('./runs-file.ts'));
    const read = this.state.value.runs.map(({ head }) =>
      this.report(head.run.id).catch(() => undefined),
    );
    return writeRuns((await Promise.all(read)).filter((report) => report !== undefined));
  }

  /** Takes in files of runs or reports. What is there already stays as it is. */
  async import(
    files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[],
  ): Promise<Imported> {
    const { readRuns } = await withWords(import('./runs-file.ts'));
    const [taken, problems]: [Set<string>, string[]] = [new Set(), []];
    const isKept = (id: string) => this.state.value.runs.some(({ head }) => head.run.id === id);
    let known = 0;
    await this.load();
    for (const { name, bytes } of files) {
      for await (const read of readRuns(bytes, name)) {
        if (typeof read === 'string') problems.push(read);
        else if (taken.has(read.run.id) || isKept(read.run.id)) known++;
        else if (Date.parse(read.run.startedAt) > Date.now() + A_DAY_MS)
          problems.push(tooNew(name, read));
        else {
          await this.keep(read, true);
          taken.add(read.run.id);
        }
      }
    }
    const kept = [...taken].filter(isKept).length;
    return { taken: kept, known, tooOld: taken.size - kept, problems };
  }

  async #show(shelf: LenientShelf): Promise<void> {
    const runs = latestFirst(await shelf.list());
    this.state.value = { phase: 'ready', runs, lasting: shelf.lasting };
  }

  /** One thing after another, since each is several steps. */
  #inTurn<T>(work: (shelf: LenientShelf) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      this.#shelf ??= new LenientShelf(this.#open());
      return work(this.#shelf);
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

/** Why a run from the future is refused: it would be kept for ever, and push out all others. */
function tooNew(name: string, { run }: Report): string {
  return `${name}: its run ${run.id} is of ${run.startedAt}, which is yet to come: see the clock of the computer that made it`;
}

async function openIndexed(): Promise<Shelf> {
  const { IndexedShelf } = await import('./indexed-shelf.ts');
  return new IndexedShelf();
}
