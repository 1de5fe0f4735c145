import { messageOf } from '../../errors.ts';
import type { PlanEntry } from '../../harness/events.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import type { DroppedFile } from './dropped-files.ts';
import { gatherFacts } from './gather-facts.ts';
import { harness } from './harness.ts';
import { Observable } from './observable.ts';
import { type Facts, findings } from './preflight.ts';
import { RunSession } from './run-session.ts';
import { readShared, type Shared } from './shared.ts';
import { TrainingSession } from './training-session.ts';

/** Everything that the page knows, in one place; elements receive it as a property and follow what they show. */
export class App {
  readonly address: Observable<Address>;
  /** What the browser tells; undefined until it has told. */
  readonly facts = new Observable<Facts | undefined>(undefined);
  /** All cases of this build; empty until they are loaded. */
  readonly plan = new Observable<readonly PlanEntry[]>([]);
  /** Someone's result that the address holds: `reading` until it is read. */
  readonly shared = new Observable<Shared | 'reading' | undefined>(undefined);
  /** One plain line about something that was refused. */
  readonly notice = new Observable<string>('');
  readonly run = new RunSession();
  readonly training = new TrainingSession();

  constructor() {
    this.address = new Observable(parseAddress(location.search));
    this.notice.value = this.address.value.problem ?? '';
    window.addEventListener('popstate', () => {
      this.address.value = parseAddress(location.search);
      this.#readFragment();
    });
    this.#readFragment();
    this.run.resume();
    gatherFacts().then((facts) => {
      this.facts.value = facts;
    });
  }

  /** Changes the address bar and the page with it. `replace` leaves no entry in the history, for what changes with every key. */
  go(change: Partial<Omit<Address, 'problem'>>, replace = false): void {
    const { view, options, others } = { ...this.address.value, ...change };
    const address = { view, options, others };
    const url = `${location.pathname}${formatAddress(address)}`;
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.address.value = address;
    this.shared.value = undefined;
  }

  /** Loads the plan, which needs no graphics chip. */
  async loadPlan(): Promise<void> {
    if (this.plan.value.length > 0) return;
    const { cases, planEntry } = await harness();
    this.plan.value = [...cases.values()].map(planEntry);
  }

  /** Takes dropped files: recordings are replayed, one other file is the text to fine-tune on. What is neither is refused in one line. */
  async take(files: readonly DroppedFile[]): Promise<void> {
    this.notice.value = '';
    const recordings = files.filter(({ path }) => path.endsWith('.safetensors'));
    const [first] = files;
    if (recordings.length > 0) {
      await this.#replay(recordings);
    } else if (first && files.length === 1) {
      this.training.text.value = { name: first.file.name, bytes: new Uint8Array(await first.file.arrayBuffer()) };
      this.go({ view: 'train' });
    } else {
      this.notice.value = 'There is no recording (.safetensors) among these files; to fine-tune on a text, drop one file alone.';
    }
  }

  async #replay(files: readonly DroppedFile[]): Promise<void> {
    if (findings(this.facts.value ?? (await gatherFacts())).some(({ weight }) => weight === 'blocks')) {
      this.notice.value = 'Recordings cannot be replayed here: nothing can compute on this computer’s graphics chip yet.';
      return;
    }
    if (this.run.busy) {
      this.notice.value = 'A run is going on: stop it, or wait for its end, and drop the recordings again.';
      return;
    }
    this.go({ view: 'check' });
    try {
      const bundles = files.map(async ({ path, file, direct }) => ({
        name: path,
        bytes: new Uint8Array(await file.arrayBuffer()),
        direct,
      }));
      await this.run.replay(await Promise.all(bundles));
    } catch (error) {
      this.notice.value = messageOf(error);
    }
  }

  /** A changed fragment fires popstate too, so a link pasted over an open page is read. */
  async #readFragment(): Promise<void> {
    const fragment = location.hash;
    if (fragment.length <= 1) {
      this.shared.value = undefined;
      return;
    }
    this.shared.value = 'reading';
    const shared = await readShared(fragment);
    if (fragment === location.hash) this.shared.value = shared;
  }
}
