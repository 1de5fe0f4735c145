import type { PlanEntry } from '../../harness/events.ts';
import { queryText } from '../app/address.ts';
import type { Router } from '../app/router.ts';
import type { Plan } from '../cases/plan.ts';
import type { Notice } from '../controls/notice.ts';
import { choiceWords } from './choice.en.ts';
import { choose, optionsFor, plainOptions } from './choice.ts';
import type { RunSession } from './run-session.ts';

/** Chooses what runs, and starts it. */
export class Starter {
  readonly #router: Router;
  readonly #plan: Plan;
  readonly #run: RunSession;
  readonly #notice: Notice;

  constructor(router: Router, plan: Plan, run: RunSession, notice: Notice) {
    this.#router = router;
    this.#plan = plan;
    this.#run = run;
    this.#notice = notice;
  }

  /**
   * Runs what the address chooses. Where it asks for how cases stand, those of the last run run
   * again, and its report takes the new results.
   */
  async start(): Promise<void> {
    const address = this.#router.address.value;
    const plain = plainOptions(address);
    if (plain) {
      await this.#run.start(plain);
      return;
    }
    await this.#plan.load();
    const { terms, found } = choose(this.#plan.value, address, this.#run.state.value);
    this.#notice.value = found.length === 0 ? choiceWords().nothingChosen(queryText(address)) : '';
    if (found.length === 0) return; // no filter at all would run everything
    await this.runThese(
      found,
      terms.some(({ kind }) => kind === 'status'),
    );
  }

  /** Runs these cases; `again` where they were run before, in the place of what they gave then. */
  async runThese(
    entries: readonly PlanEntry[],
    again = this.#run.canRerun(entries),
  ): Promise<void> {
    const options = optionsFor(entries, this.#plan.value, this.#router.address.value.options);
    if (again && this.#run.canRerun(entries)) await this.#run.rerun(options);
    else await this.#run.start(options);
  }
}
