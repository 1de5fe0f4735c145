import { buildReport, identityOf, type RunIdentity } from '../../report/build.ts';
import { keyOf } from '../../report/case-key.ts';
import type { RunOptions } from '../../report/run-options.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { RunEvent, RunListener, Unfinished } from '../events.ts';
import type { atDeadline } from './deadline.ts';
import { decisiveResult, missingOutcome } from './outcome.ts';
import type { Selected } from './selection.ts';

/** A case on its way to its result. */
export interface Item extends Selected {
  attempts: number;
  /** Attempts that failed by the case's own doing. */
  readonly failures: CaseResult[];
  /** How often its worker or device went away with no other case to blame. */
  lossesAlone: number;
}

/** What an event tells of a case beside its result. */
export type Seen = Pick<
  Extract<RunEvent, { type: 'case-end' }>,
  'details' | 'readDigest' | 'control'
>;

/**
 * The cases of a run, what has become of them so far, and where; each result is told as it comes.
 */
export class RunResults {
  readonly items: readonly Item[];
  readonly #listen: RunListener;
  readonly #resumed: readonly CaseResult[];
  readonly #results: CaseResult[] = [];
  readonly #environments: Environment[];
  readonly #started = performance.now();

  constructor(selected: readonly Selected[], resume: Unfinished | undefined, listen: RunListener) {
    const { environments = [], results = [], begun = {}, failures = [] } = resume ?? {};
    this.#listen = listen;
    this.#environments = [...environments];
    this.items = selected.map((one) => {
      const key = keyOf(one.declared);
      return {
        ...one,
        attempts: begun[key] ?? 0,
        failures: failures.filter((failure) => keyOf(failure) === key),
        lossesAlone: 0,
      };
    });
    // A device behind a bridge that is gone by now takes its results with it.
    const keys = new Set(selected.map(({ declared }) => keyOf(declared)));
    this.#resumed = results.filter((result) => keys.has(keyOf(result)));
  }

  /** Whether every case has a result. */
  get isComplete(): boolean {
    return this.#results.length === this.items.length;
  }

  /** Whether a worker was ever there. */
  get hasEnvironment(): boolean {
    return this.#environments.length > 0;
  }

  /** The cases that the run starts with: none that has a result of the run that it goes on with. */
  get toRun(): readonly Item[] {
    return this.#itemsWithout(this.#resumed);
  }

  /** The cases without a result. */
  get left(): readonly Item[] {
    return this.#itemsWithout(this.#results);
  }

  /** Tells the results of the run that this one goes on with. */
  tellResumed(): void {
    for (const result of this.#resumed) this.finish(result);
  }

  finish(result: CaseResult, files: readonly OutputFile[] = [], seen: Seen = {}): void {
    this.#results.push(result);
    const done = this.#results.length;
    const total = this.items.length;
    const remainingMs = ((performance.now() - this.#started) / done) * (total - done);
    this.#listen({ type: 'case-end', result, files, ...seen, done, total, remainingMs });
  }

  /** Ends a case that gets no reply any more. */
  finishWithoutReply(
    { declared, attempts, failures }: Item,
    ...why: ReturnType<typeof atDeadline>
  ): void {
    this.finish(
      decisiveResult({ ...missingOutcome(declared, ...why), env: 0, attempts }, failures),
    );
  }

  /**
   * Index of an environment in the report; workers may get different adapters, as after a crash.
   */
  indexOf(environment: Environment): number {
    const text = identityOf(environment);
    const known = this.#environments.findIndex((other) => identityOf(other) === text);
    if (known >= 0) return known;
    this.#listen({ type: 'environment', environment });
    return this.#environments.push(environment) - 1;
  }

  report(identity: RunIdentity): Report {
    return buildReport(identity, this.#environments, this.#results, this.isComplete);
  }

  /** What is needed to go on after a hang: whatever was begun may have caused it. */
  unfinished(planHash: string, options: RunOptions): Unfinished {
    const started = this.left.filter(({ attempts }) => attempts > 0);
    return {
      planHash,
      options,
      environments: this.#environments,
      results: this.#results,
      begun: Object.fromEntries(
        started.map(({ declared, attempts }) => [keyOf(declared), attempts]),
      ),
      failures: started.flatMap(({ failures }) => failures),
    };
  }

  #itemsWithout(results: readonly CaseResult[]): readonly Item[] {
    const done = new Set(results.map(keyOf));
    return this.items.filter(({ declared }) => !done.has(keyOf(declared)));
  }
}
