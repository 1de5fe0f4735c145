import type { PlanEntry } from '../../harness/events.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { gatherFacts } from './gather-facts.ts';
import { harness } from './harness.ts';
import { Observable } from './observable.ts';
import type { Facts } from './preflight.ts';
import { RunSession } from './run-session.ts';
import { TrainingSession } from './training-session.ts';

/** Everything that the page knows, in one place; elements receive it as a property and follow what they show. */
export class App {
  readonly address: Observable<Address>;
  /** What the browser tells; undefined until it has told. */
  readonly facts = new Observable<Facts | undefined>(undefined);
  /** All cases of this build; empty until they are loaded. */
  readonly plan = new Observable<readonly PlanEntry[]>([]);
  /** One plain line about something that was refused. */
  readonly notice = new Observable<string>('');
  readonly run = new RunSession();
  readonly training = new TrainingSession();

  constructor() {
    this.address = new Observable(parseAddress(location.search));
    window.addEventListener('popstate', () => {
      this.address.value = parseAddress(location.search);
    });
    gatherFacts().then((facts) => {
      this.facts.value = facts;
    });
  }

  /** Changes the address bar and the page with it. `replace` leaves no entry in the history, for what changes with every key. */
  go(change: Partial<Address>, replace = false): void {
    const address = { ...this.address.value, ...change };
    const url = `${location.pathname}${formatAddress(address)}`;
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.address.value = address;
  }

  /** Loads the plan, which needs no graphics chip. */
  async loadPlan(): Promise<void> {
    if (this.plan.value.length > 0) return;
    const { cases, planEntry } = await harness();
    this.plan.value = [...cases.values()].map(planEntry);
  }
}
