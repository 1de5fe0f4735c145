import { messageOf } from '../../errors.ts';
import { DEFAULT_RUN_OPTIONS, type PlanEntry, type RunEvent, type RunOptions, type Unfinished } from '../../harness/events.ts';
import type { BundleFile } from '../../harness/parity.ts';
import type { CaseResult } from '../../harness/report/schema.ts';
import type { Replay } from '../../harness/runner/selection.ts';
import { harness } from './harness.ts';
import { Observable } from './observable.ts';
import { afterEvent, IDLE, keyOf, type RunState } from './run-state.ts';
import { hasUnfinished, keepUnfinished, takeUnfinished } from './unfinished.ts';

/** Between two renderings of a run: often enough to look alive, seldom enough for ten thousand cases. */
const REFRESH_MS = 80;

/** A case that was repeated: its result, why there is none, or undefined while it runs. */
export type Repeat = CaseResult | string | undefined;

/** The one run of the page: starts, stops, follows it, and repeats single cases beside it. */
export class RunSession {
  readonly state = new Observable<RunState>(IDLE);
  /** How cases ended that were repeated alone, by key. The report is not touched by them. */
  readonly repeats = new Observable<ReadonlyMap<string, Repeat>>(new Map());
  #abort: AbortController | undefined;
  #replay: { readonly replay?: Replay } = {};
  #latest: RunState = IDLE;
  #refresh: ReturnType<typeof setTimeout> | undefined;

  /** Whether a run is going on; another one cannot be started then. */
  get busy(): boolean {
    return this.#abort !== undefined;
  }

  /** Runs the cases of the plan that `options` select; resolves when the run has ended, however it ended. */
  async start(options: RunOptions): Promise<void> {
    await this.#run('plan', options);
  }

  /** Goes on with a run that a hang ended before the page was loaded again, if there is one. */
  async resume(): Promise<void> {
    if (!hasUnfinished()) return;
    const { planHash, planText } = await harness();
    const resume = takeUnfinished(await planHash(planText));
    if (resume) await this.#run('plan', resume.options, undefined, resume);
  }

  /** Replays dropped recordings, each a case. Throws FormatError, before anything changes, about a bad one that was dropped itself. */
  async replay(bundles: readonly BundleFile[]): Promise<void> {
    const { replayCases } = await import('../../harness/parity.ts');
    replayCases(bundles);
    await this.#run('recordings', DEFAULT_RUN_OPTIONS, { bundles, alone: true });
  }

  /** Ends the run early; what has ended stays. */
  stop(): void {
    if (!this.#abort) return;
    this.#show({ ...this.#latest, phase: 'stopping' });
    this.#abort.abort();
  }

  /** Runs one case of the run, or of the plan, again and alone. */
  async repeat({ id, backend }: PlanEntry): Promise<void> {
    const key = keyOf({ id, backend });
    this.#remember(key, undefined);
    const options = { ...DEFAULT_RUN_OPTIONS, tier: 'slow', filters: [id], workers: 1 } as const;
    try {
      const { run, cases, startWorker } = await harness();
      const report = await run({ cases, startWorker, ...BROWSER, ...this.#replay }, options, () => {});
      this.#remember(
        key,
        report.results.find((result) => result.backend === backend),
      );
    } catch (error) {
      this.#remember(key, messageOf(error));
    }
  }

  async #run(subject: RunState['subject'], options: RunOptions, replay?: Replay, resume?: Unfinished): Promise<void> {
    if (this.busy) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#replay = replay ? { replay } : {};
    this.repeats.value = new Map();
    this.#show({ ...IDLE, phase: 'starting', subject });
    try {
      const { run, cases, startWorker } = await harness();
      const host = { cases, startWorker, ...BROWSER, signal: abort.signal, ...this.#replay, ...(resume ? { resume } : {}) };
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
    // Dropped recordings do not survive a reload, and so their run does not either.
    if (event.type === 'hang' && event.unfinished && this.#latest.subject === 'plan') keepUnfinished(event.unfinished);
    if (event.type === 'start' || event.type === 'end' || event.type === 'hang') this.#show(this.#latest);
    else this.#refresh ??= setTimeout(() => this.#show(this.#latest), REFRESH_MS);
  }

  #show(state: RunState): void {
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.#latest = state;
    this.state.value = state;
  }

  #remember(key: string, repeat: Repeat): void {
    this.repeats.value = new Map(this.repeats.value).set(key, repeat);
  }
}

/** All workers of a page share a GPU process, which the page cannot crash, and a tab may be hidden. */
const BROWSER = { sharedGpu: {}, isHidden: () => document.visibilityState === 'hidden' } as const;

/** One worker for each two cores, at most four: a device and its pipelines cost memory, and the page must stay alive. */
function workersHere(): number {
  return Math.min(4, Math.max(1, Math.floor((navigator.hardwareConcurrency ?? 2) / 2)));
}
