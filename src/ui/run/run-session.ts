import { bridgeName } from '../../backends/bridge/name.ts';
import { messageOf } from '../../errors.ts';
import type { PlanEntry, RunEvent, Unfinished } from '../../harness/events.ts';
import type { Expectation } from '../../harness/expectations.ts';
import type { BundleFile } from '../../harness/parity.ts';
import type { Recordings } from '../../harness/recordings.ts';
import type { RunnerHost } from '../../harness/runner/host.ts';
import type { Replay } from '../../harness/runner/selection.ts';
import type { CaseDetails, CaseOutcome } from '../../harness/worker/messages.ts';
import { keyOf } from '../../report/case-key.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../report/run-options.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import { harness } from '../app/harness.ts';
import { Observable } from '../controls/observable.ts';
import type { BridgeSession } from '../libraries/bridge-session.ts';
import { type Brought, fetchRecordings } from '../libraries/recording-sets.ts';
import { Pace } from './pace.ts';
import { afterEvent, IDLE, type RunState } from './run-state.ts';
import { hasUnfinished, keepUnfinished, takeUnfinished } from './unfinished.ts';

/**
 * Between two renderings of a run: often enough to look alive, seldom enough for ten thousand
 * cases.
 */
const REFRESH_MS = 80;

/** A case that was run alone, with details that a report does not hold. */
export interface Repeated {
  readonly result: CaseResult;
  readonly environment: Environment | undefined;
  readonly details?: CaseDetails | undefined;
  /** What it gave with its named fault, if that was asked for. */
  readonly control?: CaseOutcome | undefined;
}

/** A case that was repeated: what it gave, why it gave nothing, or undefined while it runs. */
export type Repeat = Repeated | string | undefined;

/** The one run of the page: starts, stops, follows it, and repeats single cases beside it. */
export class RunSession {
  readonly state = new Observable<RunState>(IDLE);
  /** How cases ended that were repeated alone, by key. The report is not touched by them. */
  readonly repeats = new Observable<ReadonlyMap<string, Repeat>>(new Map());
  readonly #bridge: BridgeSession;
  #abort: AbortController | undefined;
  #expectations: readonly Expectation[] = [];
  #sources: Pick<RunnerHost, 'replay' | 'live'> = {};
  #options: RunOptions = DEFAULT_RUN_OPTIONS;
  #pace = new Pace(0);
  #latest: RunState = IDLE;
  #refresh: ReturnType<typeof setTimeout> | undefined;

  /** Runs go to our own backend, and to the devices that are chosen of `bridge`. */
  constructor(bridge: BridgeSession) {
    this.#bridge = bridge;
  }

  /** Whether a run is going on; another one cannot be started then. */
  get busy(): boolean {
    return this.#abort !== undefined;
  }

  /**
   * Runs the cases of the plan that `options` select; resolves when the run has ended, however it
   * ended.
   */
  async start(options: RunOptions): Promise<void> {
    await this.#run('plan', options);
  }

  /**
   * Runs cases of the last run of the plan again, with its seed and limits: the new results take
   * the place of the old ones in its report.
   */
  async rerun({ tier, filters }: Pick<RunOptions, 'tier' | 'filters'>): Promise<void> {
    const { report, subject } = this.#latest;
    if (report && subject === 'plan')
      await this.#run('plan', { ...this.#options, tier, filters }, { first: report });
  }

  /** Seed of the numbers that cases draw. */
  get seed(): number {
    return this.#options.seed;
  }

  /** Whether all of these were run by the last run, so that they can run again. */
  canRerun(entries: readonly PlanEntry[]): boolean {
    const { report, subject, results } = this.#latest;
    return (
      report !== undefined &&
      subject === 'plan' &&
      entries.length > 0 &&
      entries.every((entry) => results.has(keyOf(entry)))
    );
  }

  /** Goes on with a run that a hang ended before the page was loaded again, if there is one. */
  async resume(): Promise<void> {
    if (!hasUnfinished()) return;
    const { planHash, planText } = await harness();
    const kept = await takeUnfinished(await planHash(planText));
    if (!kept) return;
    const { run: resume, bundles } = kept;
    if (bundles.length > 0) await this.replay(bundles, resume.options, resume);
    else await this.#run('plan', resume.options, { resume });
  }

  /**
   * Replays recordings, each a case, or goes on with that; `options` choose none of them, they only
   * shape the run. Throws FormatError, before anything changes, about a bad one that was dropped
   * itself.
   */
  async replay(
    bundles: readonly BundleFile[],
    options: Partial<RunOptions> = {},
    resume?: Unfinished,
  ): Promise<void> {
    const { recordingsOf } = await import('../../harness/recordings.ts');
    const recordings = recordingsOf(bundles);
    const sources = { replay: { bundles, alone: true }, recordings, ...(resume ? { resume } : {}) };
    const { tier, filters } = DEFAULT_RUN_OPTIONS;
    await this.#run('recordings', { ...DEFAULT_RUN_OPTIONS, ...options, tier, filters }, sources);
  }

  /** Replays recordings that the page brings along. Throws when one cannot be loaded. */
  async replayBrought(brought: Brought, options: Partial<RunOptions>): Promise<void> {
    if (this.busy) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#show({ ...IDLE, phase: 'starting', subject: 'recordings' });
    const recordings = await fetchRecordings(brought, abort.signal)
      .catch((error: unknown) => {
        this.#show(IDLE);
        if (!abort.signal.aborted) throw error;
      })
      .finally(() => {
        this.#abort = undefined;
      });
    if (recordings) await this.replay(recordings, options);
  }

  /** Judges this run and the next ones by known failures. */
  async expect(expectations: readonly Expectation[]): Promise<void> {
    this.#expectations = expectations;
    const { report } = this.#latest;
    if (!report) return;
    const { applyExpectations } = await harness();
    if (this.#latest.report === report)
      this.#follow({
        type: 'end',
        report: applyExpectations(report, this.#expectations, new Date()),
      });
  }

  /** Ends the run early; what has ended stays. */
  stop(): void {
    if (!this.#abort) return;
    this.#show({ ...this.#latest, phase: 'stopping' });
    this.#abort.abort();
  }

  /**
   * Runs one case of the run, or of the plan, again and alone; where `controls`, with its named
   * fault too.
   */
  async repeat({ id, backend }: PlanEntry, controls = false): Promise<void> {
    const key = keyOf({ id, backend });
    this.#remember(key, undefined);
    const options = {
      ...DEFAULT_RUN_OPTIONS,
      seed: this.#options.seed,
      tier: 'slow',
      filters: [id],
      workers: 1,
      controls,
    } as const;
    let seen: Pick<Repeated, 'details' | 'control'> = {};
    try {
      const { run, cases, startWorker } = await harness();
      const host = { cases, startWorker, ...BROWSER, details: true, ...this.#sourcesOf(backend) };
      const { results, environments } = await run(host, options, (event) => {
        if (event.type === 'case-end' && event.result.backend === backend)
          seen = { details: event.details, control: event.control };
      });
      const result = results.find((one) => one.backend === backend);
      this.#remember(key, result && { result, environment: environments[result.env], ...seen });
    } catch (error) {
      this.#remember(key, messageOf(error));
    }
  }

  /**
   * The recordings and devices besides the plan that a single case needs: no device but its own.
   */
  #sourcesOf(backend: string): Pick<RunnerHost, 'replay' | 'live'> {
    const { live, ...rest } = this.#sources;
    const link = live?.links.find(({ device }) => bridgeName(device) === backend);
    return link ? { ...rest, live: { links: [link], alone: true } } : rest;
  }

  async #run(
    subject: RunState['subject'],
    options: RunOptions,
    { replay, recordings, resume, first }: RunSources = {},
  ): Promise<void> {
    if (this.busy) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#options = options;
    const before = this.#latest;
    const live = first ? before.live : this.#bridge.live();
    this.#sources = { ...(replay ? { replay } : {}), ...(live ? { live } : {}) };
    this.repeats.value = new Map();
    this.#show({
      ...(first
        ? again(before, first)
        : { ...IDLE, subject, ...(recordings ? { recordings } : {}) }),
      phase: 'starting',
      ...(live ? { live } : {}),
    });
    const leaveQueue = live ? this.#bridge.watchQueue() : () => {};
    try {
      const { run, cases, startWorker, applyExpectations, mergeRerun } = await harness();
      let kept: Promise<void> | undefined;
      const follow = (event: RunEvent) => {
        if (event.type === 'end') return; // its report is what `run` gives
        // A rerun that hangs is not gone on with: the results that it adds to do not survive a
        // reload.
        const unfinished = event.type === 'hang' && !first ? event.unfinished : undefined;
        if (unfinished) kept = keepUnfinished({ run: unfinished, bundles: replay?.bundles ?? [] });
        this.#follow(event);
      };
      const host = {
        cases,
        startWorker,
        ...BROWSER,
        signal: abort.signal,
        ...this.#sources,
        ...(resume ? { resume } : {}),
      };
      const report = await run(host, { ...options, workers: workersHere() }, follow);
      await kept; // before a reload is asked for
      this.#follow({
        type: 'end',
        report: applyExpectations(
          first ? mergeRerun(first, report) : report,
          this.#expectations,
          new Date(),
        ),
      });
    } catch (error) {
      // A run that was stopped while its first device was still on the way has nothing to tell;
      // what a rerun adds to stays, whatever becomes of it.
      const rest = first ? before : IDLE;
      const problem = messageOf(error);
      this.#show(
        abort.signal.aborted
          ? rest
          : first
            ? { ...before, problem }
            : { ...this.#latest, phase: 'failed', problem },
      );
    } finally {
      leaveQueue();
      this.#abort = undefined;
    }
  }

  #follow(event: RunEvent): void {
    this.#latest = afterEvent(this.#latest, event);
    if (event.type === 'start') this.#pace = new Pace(performance.now());
    if (event.type === 'case-end') {
      this.#pace.add(performance.now());
      const remaining = this.#pace.remaining(event.total - event.done);
      const { remaining: _, ...rest } = this.#latest;
      this.#latest = remaining ? { ...rest, remaining } : rest;
    }
    if (event.type === 'start' || event.type === 'end' || event.type === 'hang')
      this.#show(this.#latest);
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

/** What a run runs besides the plan. */
interface RunSources {
  readonly replay?: Replay;
  readonly recordings?: Recordings;
  readonly resume?: Unfinished;
  /** The report whose cases run again. */
  readonly first?: Report;
}

/** A run with a part that runs again: its results stay until others come. */
function again({ report: _, problem: __, ...before }: RunState, first: Report): RunState {
  return {
    ...before,
    first,
    results: new Map(before.results),
    files: new Map(before.files),
    done: 0,
    total: 0,
  };
}

/**
 * All workers of a page share a GPU process, which the page cannot crash, and a tab may be hidden.
 */
const BROWSER = { sharedGpu: {}, isHidden: () => document.visibilityState === 'hidden' } as const;

/**
 * One worker for each two cores, at most four: a device and its pipelines cost memory, and the page
 * must stay alive.
 */
function workersHere(): number {
  return Math.min(4, Math.max(1, Math.floor((navigator.hardwareConcurrency ?? 2) / 2)));
}
