import type { PlanEntry, RunEvent, Unfinished } from '../../harness/events.ts';
import { atDeadline } from '../../harness/runner/deadline.ts';
import { decisiveResult, missingOutcome } from '../../harness/runner/outcome.ts';
import { buildReport } from '../../report/build.ts';
import { keyOf } from '../../report/case-key.ts';
import type { ReportHead } from '../../report/head.ts';
import type { RunOptions } from '../../report/run-options.ts';
import type { CaseResult, Environment, Report } from '../../report/schema.ts';

/** Deaths of the tab after which a case is to blame that was in flight alone, or beside others. */
const DEATHS_ALONE = 2;
const DEATHS_CONCURRENT = 3;

/** What a run has told so far, so that it can go on in another tab when its own one dies. */
export class RunJournal {
  readonly #options: RunOptions;
  readonly #startedAt = new Date();
  #planHash = '';
  readonly #environments: Environment[] = [];
  readonly #results = new Map<string, CaseResult>();
  readonly #attempts = new Map<string, number>();
  /** Attempts that failed by the case's own doing. */
  readonly #failures: CaseResult[] = [];
  /** What is in flight in the tab of now. */
  readonly #running = new Set<string>();
  readonly #selected = new Map<string, PlanEntry>();
  /** How often the tab died while a case was in flight, and while no other was. */
  readonly #deaths = new Map<string, { readonly alone: number; readonly all: number }>();

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /**
   * Remembers an event; whether it is news, since a run that goes on tells again what it starts
   * from.
   */
  follow(event: RunEvent): boolean {
    const news = this.#isNews(event);
    this.#remember(event);
    return news;
  }

  #isNews(event: RunEvent): boolean {
    if (event.type === 'start') return this.#planHash === '';
    return event.type !== 'case-end' || !this.#results.has(keyOf(event.result));
  }

  #remember(event: RunEvent): void {
    if (event.type === 'start') {
      this.#planHash = event.planHash;
      for (const entry of event.selected) this.#selected.set(keyOf(entry), entry);
    }
    if (event.type === 'environment') this.#environments.push(event.environment);
    if (event.type === 'case-start') {
      const key = keyOf(event);
      this.#countAttempt(key);
      this.#running.add(key);
    }
    if (event.type === 'case-failed') {
      this.#failures.push(event.failure);
      this.#countAttempt(keyOf(event.failure)); // the next one, which begins without a word
    }
    if (event.type === 'case-end') {
      const key = keyOf(event.result);
      this.#results.set(key, event.result);
      this.#running.delete(key);
    }
  }

  #countAttempt(key: string): void {
    this.#attempts.set(key, (this.#attempts.get(key) ?? 0) + 1);
  }

  /**
   * Counts a death of the tab or the browser. A case that was in flight at two alone, or at three,
   * is lost for it, so that a run whose tab keeps dying comes to its end all the same: their
   * `case-end` events. Undefined: no case was in flight.
   */
  died(): readonly RunEvent[] | undefined {
    const inFlight = [...this.#running];
    this.#running.clear();
    if (inFlight.length === 0) return undefined;
    const causes = inFlight.filter((key) => {
      const { alone, all } = this.#deaths.get(key) ?? { alone: 0, all: 0 };
      const deaths = { alone: alone + Number(inFlight.length === 1), all: all + 1 };
      this.#deaths.set(key, deaths);
      return deaths.alone >= DEATHS_ALONE || deaths.all >= DEATHS_CONCURRENT;
    });
    const message =
      'the tab or the browser died whenever it ran: run it alone to see whether the case itself does that';
    return causes.flatMap((key) => this.#finish(key, ['lost', 'browser-died', message]));
  }

  /** Whether there is anything that a report could tell. */
  get begun(): boolean {
    return this.#planHash !== '';
  }

  /**
   * Gives up the cases without a result: no tab can run them any more, or none tells of them at the
   * deadline. Their `case-end` events.
   */
  giveUp(why: 'no-browser' | 'deadline'): readonly RunEvent[] {
    const left = [...this.#selected.keys()].filter((key) => !this.#results.has(key));
    const message = 'the browser or its tab died whenever it was opened again: run it again';
    return left.flatMap((key) => {
      const late = atDeadline(this.#options, this.#running.has(key) ? 'running' : 'waiting');
      return this.#finish(key, why === 'deadline' ? late : ['lost', 'browser-died', message]);
    });
  }

  /** The report of what is known, when no tab is left to make it. */
  report(): Report {
    const identity = {
      kind: 'run',
      startedAt: this.#startedAt,
      options: this.#options,
      planHash: this.#planHash,
    } as const;
    return buildReport(
      identity,
      this.#environments,
      [...this.#results.values()],
      this.#results.size === this.#selected.size,
    );
  }

  /** The report of the whole run, which began in the first tab, by what the last one says of it. */
  whole(head: ReportHead): Report {
    const { run, results } = this.report();
    const { startedAt, durationMs } = run;
    return { ...head, run: { ...head.run, startedAt, durationMs }, results };
  }

  #finish(key: string, why: ReturnType<typeof atDeadline>): RunEvent[] {
    const entry = this.#selected.get(key);
    if (!entry) return [];
    const outcome = missingOutcome({ ...entry, control: { name: entry.control } }, ...why);
    const failures = this.#failures.filter((failure) => keyOf(failure) === key);
    const result = decisiveResult(
      { ...outcome, env: 0, attempts: this.#attempts.get(key) ?? 0 },
      failures,
    );
    this.#results.set(key, result);
    return [
      {
        type: 'case-end',
        result,
        files: [],
        done: this.#results.size,
        total: this.#selected.size,
        remainingMs: 0,
      },
    ];
  }

  /** What is left of the run; the cases that were in flight when the tab died run again, alone. */
  unfinished(): Unfinished {
    const inFlight = [...this.#attempts].filter(([key]) => !this.#results.has(key));
    return {
      planHash: this.#planHash,
      options: this.#options,
      environments: this.#environments,
      results: [...this.#results.values()],
      begun: Object.fromEntries(inFlight),
      failures: this.#failures.filter((failure) => !this.#results.has(keyOf(failure))),
    };
  }
}
