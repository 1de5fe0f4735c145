import type { BenchEvent } from '../../bench/host.ts';
import { PEERS, type PeerName } from '../../bench/peer-names.ts';
import type { BenchRequest } from '../../bench/request.ts';
import { measuredTable } from '../../bench/tuner/measured-table.ts';
import { messageOf } from '../../errors.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { Report } from '../../report/schema.ts';
import type { AdapterFacts } from '../check/words.ts';
import { computes } from '../controls/computing.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import type { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import type { History } from '../history/history.ts';
import { withWords } from '../messages/words.ts';
import { MeasuredTables } from '../train/measured-tables.ts';
import { benchWords } from './bench.en.ts';
import { type BenchChoice, USUAL_CHOICE } from './bench-choice.ts';
import { afterBenchEvent, type BenchState, UNTIMED } from './bench-state.ts';
import type { KnownWorks } from './known-works.ts';

/** What this page's server has for a bench; undefined where it is not ours and has nothing. */
export interface BenchServer {
  /** Libraries that are installed. */
  readonly peers: readonly PeerName[];
}

/** The one bench of the page. */
export class BenchSession {
  readonly state: Observable<BenchState>;
  readonly choice = new Observable<BenchChoice>(USUAL_CHOICE);
  readonly works = new Observable<KnownWorks | undefined>(undefined);
  readonly server: BenchServer | undefined;
  readonly #history: History;
  readonly #notice: Notice;
  readonly #tables = new MeasuredTables('measured');
  #abort: AbortController | undefined;

  /** Asks the page's server what is there; `state` is there before: the page tells of it in every view. */
  static async open(
    state: Observable<BenchState>,
    history: History,
    notice: Notice,
  ): Promise<BenchSession> {
    return new BenchSession(state, history, notice, await askServer());
  }

  private constructor(
    state: Observable<BenchState>,
    history: History,
    notice: Notice,
    server: BenchServer | undefined,
  ) {
    this.state = state;
    this.server = server;
    this.#history = history;
    this.#notice = notice;
  }

  /** Loads what is known of the works, which choice and results need. */
  async load(): Promise<void> {
    if (this.works.value) return;
    await this.#notice.during(async () => {
      const { knownWorks } = await import('./known-works.ts');
      this.works.value = await knownWorks();
    });
  }

  /**
   * Times what was asked for on `adapter`; resolves when that has ended, however it did. A table that
   * is to be measured there is measured once.
   */
  async start(request: BenchRequest, adapter: AdapterFacts): Promise<void> {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.state.value = { ...UNTIMED, phase: 'starting' };
    try {
      const report = await this.#time(request, adapter, abort.signal);
      const { problem } = this.state.value;
      this.#show(report, problem === undefined ? {} : { problem });
      if (report.results.length > 0) await this.#history.keep(report);
    } catch (error) {
      this.state.value = { ...this.state.value, phase: 'failed', problem: messageOf(error) };
    } finally {
      this.#abort = undefined;
    }
  }

  /** The report, of what was timed where the frame ends too early: `problem` says why. */
  async #time(
    { options, peers }: BenchRequest,
    adapter: AdapterFacts,
    signal: AbortSignal,
  ): Promise<Report> {
    const [{ runInFrame }, { BenchJournal }, { knownWorks }] = await Promise.all([
      import('../../bench/frame-link.ts'),
      import('../../bench/journal.ts'),
      import('./known-works.ts'),
    ]);
    const measure = (before?: readonly TuningRow[]) =>
      measuredTable('measured', (request) => runInFrame(request, () => {}, signal), before);
    const tuning =
      options.tuning === 'measured' ? await this.#tables.rowsFor(adapter, measure) : options.tuning;
    const given = { ...options, tuning };
    const journal = new BenchJournal({ options: given, works: (await knownWorks()).works });
    const listen = (event: BenchEvent) => {
      journal.hear(event);
      this.state.value = afterBenchEvent(this.state.value, event);
    };
    try {
      return await runInFrame({ options: given, peers }, listen, signal);
    } catch (error) {
      const partial = await journal.partial();
      if (!partial) throw error;
      this.state.value = { ...this.state.value, problem: messageOf(error) };
      return partial;
    }
  }

  /** Ends the bench after the batch that is going on; what is timed stays. */
  cancel(): void {
    if (!this.#abort) return;
    this.state.value = { ...this.state.value, phase: 'stopping' };
    this.#abort.abort();
  }

  /** Opens a report of a bench; another file is refused in one line. */
  async take(file: File): Promise<void> {
    if (computes(this.state.value)) return;
    await this.#notice.during(async () => {
      const { readPacked } = await withWords(import('../../report/packed.ts'));
      const report = await readPacked(await bytesOf(file, 'report'), file.name);
      if (report.kind !== 'bench') throw new Error(benchWords().noBench(file.name));
      this.#show(report, { file });
    });
  }

  #show(report: Report, more: Pick<BenchState, 'file' | 'problem'>): void {
    const total = report.results.length;
    this.state.value = {
      ...{ phase: 'ended', done: total, total, results: report.results, report },
      ...more,
    };
  }
}

async function askServer(): Promise<BenchServer | undefined> {
  try {
    const response = await fetch(new URL('peers/index.json', document.baseURI));
    if (!response.ok) return undefined;
    const files = (await response.json()) as readonly string[];
    return { peers: PEERS.filter((name) => files.includes(`${name}.js`)) };
  } catch {
    return undefined; // a host that answers with a page of its own, or none
  }
}
