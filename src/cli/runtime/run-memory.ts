import type { RunEvent, RunOptions, Unfinished } from '../../harness/events.ts';
import type { CaseResult, Environment } from '../../harness/report/schema.ts';

/** What a run has told so far, so that it can go on in another tab when its own one dies. */
export class RunMemory {
  readonly #options: RunOptions;
  #planHash = '';
  readonly #environments: Environment[] = [];
  readonly #results = new Map<string, CaseResult>();
  readonly #attempts = new Map<string, number>();

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Remembers an event; whether it is news, since a run that goes on tells again what it starts from. */
  follow(event: RunEvent): boolean {
    const news = this.#isNews(event);
    this.#remember(event);
    return news;
  }

  #isNews(event: RunEvent): boolean {
    if (event.type === 'start') return this.#planHash === '';
    return event.type !== 'case-end' || !this.#results.has(`${event.result.id} ${event.result.backend}`);
  }

  #remember(event: RunEvent): void {
    if (event.type === 'start') this.#planHash = event.planHash;
    if (event.type === 'environment') this.#environments.push(event.environment);
    if (event.type === 'case-start') {
      const key = `${event.id} ${event.backend}`;
      this.#attempts.set(key, (this.#attempts.get(key) ?? 0) + 1);
    }
    if (event.type === 'case-end') this.#results.set(`${event.result.id} ${event.result.backend}`, event.result);
  }

  /** What is left of the run; the cases that were in flight when the tab died run again, alone. */
  unfinished(): Unfinished {
    const inFlight = [...this.#attempts].filter(([key]) => !this.#results.has(key));
    return {
      planHash: this.#planHash,
      options: this.#options,
      environments: this.#environments,
      results: [...this.#results.values()],
      suspects: Object.fromEntries(inFlight),
    };
  }
}
