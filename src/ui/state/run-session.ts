import { messageOf } from '../../errors.ts';
import { DEFAULT_RUN_OPTIONS, type PlanEntry, type RunEvent, type RunOptions } from '../../harness/events.ts';
import type { CaseResult } from '../../harness/report/schema.ts';
import type { Case } from '../../testing/suite.ts';
import { harness } from './harness.ts';
import { Observable } from './observable.ts';
import { afterEvent, IDLE, keyOf, type RunState } from './run-state.ts';

/** Between two renderings of a run: often enough to look alive, seldom enough for ten thousand cases. */
const REFRESH_MS = 80;

/** The one run of the page: starts, stops, follows it, and repeats single cases beside it. */
export class RunSession {
  readonly state = new Observable<RunState>(IDLE);
  /** Results of cases that were repeated alone, by key; `undefined` while one runs. The report is not touched by them. */
  readonly repeats = new Observable<ReadonlyMap<string, CaseResult | undefined>>(new Map());
  #abort: AbortController | undefined;
  #latest: RunState = IDLE;
  #refresh: ReturnType<typeof setTimeout> | undefined;

  /** Runs the cases of the plan that `options` select; resolves when the run has ended, however it ended. */
  async start(options: RunOptions): Promise<void> {
    await this.#run('plan', options);
  }

  /** Runs dropped recordings, each a case. */
  async replay(cases: ReadonlyMap<string, Case>): Promise<void> {
    await this.#run('recordings', { ...DEFAULT_RUN_OPTIONS, tier: 'slow' }, cases);
  }

  /** Ends the run early; what has ended stays. */
  stop(): void {
    if (!this.#abort) return;
    this.#show({ ...this.#latest, phase: 'stopping' });
    this.#abort.abort();
  }

  /** Runs one case again, alone. */
  async repeat(entry: PlanEntry, cases?: ReadonlyMap<string, Case>): Promise<void> {
    const key = keyOf(entry);
    this.#remember(key, undefined);
    const { run, cases: plan, startWorker } = await harness();
    const declared = (cases ?? plan).get(key);
    if (!declared) return;
    const options = { ...DEFAULT_RUN_OPTIONS, tier: 'slow', workers: 1 } as const;
    try {
      const report = await run({ cases: new Map([[key, declared]]), startWorker }, options, () => {});
      this.#remember(key, report.results[0]);
    } catch (error) {
      this.#show({ ...this.#latest, problem: messageOf(error) });
    }
  }

  async #run(subject: RunState['subject'], options: RunOptions, given?: ReadonlyMap<string, Case>): Promise<void> {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.repeats.value = new Map();
    this.#show({ ...IDLE, phase: 'starting', subject });
    try {
      const { run, cases: plan, startWorker } = await harness();
      const host = { cases: given ?? plan, startWorker, signal: abort.signal };
      await run(host, { ...options, workers: workersHere() }, (event) => this.#follow(event));
    } catch (error) {
      // A run that was stopped while its first device was still on the way has nothing to tell.
      this.#show(abort.signal.aborted ? IDLE : { ...this.#latest, phase: 'failed', problem: messageOf(error) });
    } finally {
      this.#abort = undefined;
    }
  }

  #follow(event: RunEvent): void {
    this.#latest = afterEvent(this.#latest, event);
    if (event.type === 'start' || event.type === 'end' || event.type === 'hang') this.#show(this.#latest);
    else this.#refresh ??= setTimeout(() => this.#show(this.#latest), REFRESH_MS);
  }

  #show(state: RunState): void {
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.#latest = state;
    this.state.value = state;
  }

  #remember(key: string, result: CaseResult | undefined): void {
    this.repeats.value = new Map(this.repeats.value).set(key, result);
  }
}

/** One worker for each two cores, at most four: a device and its pipelines cost memory, and the page must stay alive. */
function workersHere(): number {
  return Math.min(4, Math.max(1, Math.floor((navigator.hardwareConcurrency ?? 2) / 2)));
}
