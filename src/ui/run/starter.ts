import type { PlanEntry } from '../../harness/events.ts';
import { type Address, optionsOf, queryText } from '../app/address.ts';
import type { Router } from '../app/router.ts';
import type { Plan } from '../cases/plan.ts';
import type { Notice } from '../controls/notice.ts';
import { choiceWords } from './choice.en.ts';
import type { RunSession } from './run-session.ts';

/** Loads what a run of everything does not need. */
const loadChoice = () => import('./choice.ts');

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
    if (queryText(address) === '') {
      await this.#run.start(optionsOf(address));
      return;
    }
    await this.#notice.during(() => this.#plan.load());
    if (this.#plan.value.length === 0) return;
    const { choose, plainOptions } = await loadChoice();
    const { terms, found } = choose(this.#plan.value, address, this.#run.state.value);
    if (found.length === 0) {
      await this.#sayWhy(address); // no filter at all would run everything
      return;
    }
    const plain = plainOptions(address);
    if (plain) {
      await this.#run.start(plain);
      return;
    }
    await this.runThese(
      found,
      terms.some(({ kind }) => kind === 'status'),
    );
  }

  /** Why nothing runs, and the tier that has what was asked for. */
  async #sayWhy(address: Address): Promise<void> {
    const { tierThatFinds } = await loadChoice();
    const { nothingChosen, otherTier, takeTier } = choiceWords();
    const query = queryText(address);
    const other = tierThatFinds(this.#plan.value, address, this.#run.state.value);
    if (!other) {
      this.#notice.value = nothingChosen(query);
      return;
    }
    const { tier } = other;
    this.#notice.propose(otherTier(query, optionsOf(address).tier, other), {
      words: takeTier(tier),
      take: () => this.#router.go({ options: { ...address.options, tier } }, true),
    });
  }

  /** Runs these cases; `again` where they were run before, in the place of what they gave then. */
  async runThese(
    entries: readonly PlanEntry[],
    again = this.#run.canRerun(entries),
  ): Promise<void> {
    const { optionsFor } = await loadChoice();
    const options = optionsFor(entries, this.#plan.value, this.#router.address.value.options);
    if (again && this.#run.canRerun(entries)) await this.#run.rerun(options);
    else await this.#run.start(options);
  }
}
