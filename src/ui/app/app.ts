import { messageOf } from '../../errors.ts';
import type { PlanEntry } from '../../harness/events.ts';
import {
  forgetKnownFailures,
  isKnownFailures,
  type KnownFailures,
  keptKnownFailures,
  takeKnownFailures,
} from '../cases/known-failures.ts';
import type { TreeState } from '../cases/suite-tree.ts';
import { gatherFacts } from '../check/gather-facts.ts';
import { type Facts, isBlocked } from '../check/preflight.ts';
import { CompareSession, isReportFile, type Source } from '../compare/compare-session.ts';
import { bytesOf, startOf } from '../controls/file-bytes.ts';
import { Observable } from '../controls/observable.ts';
import { History } from '../history/history.ts';
import { BridgeSession } from '../libraries/bridge-session.ts';
import { RunSession } from '../run/run-session.ts';
import type { RunState } from '../run/run-state.ts';
import { readShared, type Shared } from '../share/shared.ts';
import { SpeedSession } from '../speed/speed-session.ts';
import { TrainingSession } from '../train/training-session.ts';
import { type Address, formatAddress, parseAddress, queryText } from './address.ts';
import { choose, optionsFor, plainOptions } from './choice.ts';
import type { DroppedFile } from './dropped-files.ts';
import { frameWords } from './frame.en.ts';
import { harness } from './harness.ts';
import { keepOffline } from './offline.ts';
import { views } from './views.ts';

/**
 * Everything that the page knows, in one place; elements receive it as a property and follow what
 * they show.
 */
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
  /** Failures that are not counted as wrong, if a file of them was given. */
  readonly known = new Observable<KnownFailures | undefined>(undefined);
  /**
   * Whether what is behind the answer is open; from the beginning where the address chooses of it.
   */
  readonly detailed: Observable<boolean>;
  /** Which branches of the tree are open, and what is chosen of it. */
  readonly tree = new Observable<TreeState>({ open: new Set() });
  /** Python on this computer, where the address named it. */
  readonly bridge = new BridgeSession();
  readonly run = new RunSession(this.bridge);
  readonly training = new TrainingSession();
  /** The runs that are kept on this device. */
  readonly history = new History();
  readonly comparison = new CompareSession(this.history);
  readonly speed = new SpeedSession();
  /** Whether the page works without a network, and whether a newer one came in. */
  readonly offline = keepOffline();

  constructor() {
    this.address = new Observable(parseAddress(location.search, views));
    this.notice.value = this.address.value.problem ?? '';
    this.detailed = new Observable(
      Object.keys(this.address.value.options).length > 0 || queryText(this.address.value) !== '',
    );
    window.addEventListener('popstate', () => {
      this.address.value = parseAddress(location.search, views);
      this.notice.value = this.address.value.problem ?? '';
      if (!this.bridge.takeFragment()) this.#readFragment();
    });
    // Chunks are loaded when they are first needed: the network may be gone by then, or a host has
    // another build.
    window.addEventListener('vite:preloadError', () => {
      this.notice.value = frameWords().partMissing;
    });
    if (!this.bridge.takeFragment()) this.#readFragment();
    this.history.follow(this.run.state);
    this.run.state.subscribe((state) => this.#measureAfter(state));
    this.#resume();
    keptKnownFailures().then((kept) => this.#know(kept));
    gatherFacts().then((facts) => {
      this.facts.value = facts;
    });
  }

  /**
   * The speed is measured alone on the device, once a whole run has shown that results are right.
   */
  #measureAfter({ phase, subject, report }: RunState): void {
    if (phase === 'starting') this.speed.stop();
    const whole =
      report?.run.complete &&
      report.run.filters.length === 0 &&
      report.run.shard === '1/1' &&
      report.summary.passed > 0;
    if (
      phase === 'ended' &&
      subject === 'plan' &&
      whole &&
      this.speed.state.value.phase === 'unknown'
    )
      this.speed.measure();
  }

  /**
   * Changes the address bar and the page with it. `replace` leaves no entry in the history, for
   * what changes with every key.
   */
  go(change: Partial<Omit<Address, 'problem'>>, replace = false): void {
    const { problem: _, ...address } = { ...this.address.value, ...change };
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

  /** Whether something can compute here, as far as the browser tells. */
  get canRun(): boolean {
    const facts = this.facts.value;
    return facts !== undefined && !isBlocked(facts);
  }

  /**
   * Runs what the address chooses. Where it asks for how cases stand, those of the last run run
   * again, and its report takes the new results.
   */
  async start(): Promise<void> {
    const plain = plainOptions(this.address.value);
    if (plain) {
      await this.run.start(plain);
      return;
    }
    await this.loadPlan();
    const { terms, found } = choose(this.plan.value, this.address.value, this.run.state.value);
    this.notice.value =
      found.length === 0 ? frameWords().nothingChosen(queryText(this.address.value)) : '';
    if (found.length === 0) return; // no filter at all would run everything
    await this.runThese(
      found,
      terms.some(({ kind }) => kind === 'status'),
    );
  }

  /** Runs these cases; `again` where they were run before, in the place of what they gave then. */
  async runThese(entries: readonly PlanEntry[], again = this.run.canRerun(entries)): Promise<void> {
    const options = optionsFor(entries, this.plan.value, this.address.value.options);
    if (again && this.run.canRerun(entries)) await this.run.rerun(options);
    else await this.run.start(options);
  }

  /**
   * Takes dropped files: recordings are replayed, known failures are kept, one other file is the
   * text to fine-tune on. What is neither is refused in one line.
   */
  async take(files: readonly DroppedFile[]): Promise<void> {
    this.notice.value = '';
    const recordings = files.filter(({ path }) => path.endsWith('.safetensors'));
    const [first] = files;
    if (recordings.length > 0) {
      await this.#replay(
        files.filter((file) => recordings.includes(file) || /(^|\/)INDEX\.json$/.test(file.path)),
      );
    } else if (first && files.length === 1) {
      await this.#noticing(() => this.#takeOne(first.file));
    } else {
      this.notice.value = frameWords().noRecording;
    }
  }

  /** Takes what the beginning of a file shows that it is. */
  async #takeOne(file: File): Promise<void> {
    const { name } = file;
    const start = await startOf(file);
    if (isKnownFailures(name, start)) await this.takeKnown(file);
    else if (isReportFile(name, start)) this.compare({ kind: 'file', file });
    else {
      await this.takeText(file);
      if (this.notice.value === '') this.go({ view: 'train' });
    }
  }

  /** Takes a text to fine-tune on. */
  async takeText(file: File): Promise<void> {
    this.notice.value = '';
    await this.#noticing(async () => {
      this.training.text.value = { name: file.name, bytes: await bytesOf(file, 'text') };
    });
  }

  /** Goes to compare a result: it takes the side that is free, else the second one. */
  compare(source: Source): void {
    const { before } = this.comparison.state.value;
    this.comparison.choose(before.phase === 'empty' ? 'before' : 'after', source);
    this.go({ view: 'compare', pair: this.comparison.pair });
  }

  /**
   * Goes to compare a kept run with the one before it on this adapter and browser; without one, the
   * other side is left to choose.
   */
  async compareRun(id: string): Promise<void> {
    await this.history.load();
    const earlier = this.history.before(id);
    const choices = [this.comparison.choose('after', { kind: 'run', id })];
    if (earlier) choices.push(this.comparison.choose('before', { kind: 'run', id: earlier }));
    this.go({ view: 'compare', pair: this.comparison.pair });
    await Promise.all(choices);
  }

  /**
   * Takes a file of known failures for this run and the next ones; a bad one is refused in one
   * line.
   */
  async takeKnown(file: File): Promise<void> {
    this.notice.value = '';
    await this.#noticing(async () =>
      this.#know(await takeKnownFailures(file.name, await bytesOf(file, 'known'))),
    );
  }

  /** From here on every failure counts. */
  forgetKnown(): void {
    forgetKnownFailures();
    this.#know(undefined);
  }

  async #know(known: KnownFailures | undefined): Promise<void> {
    this.known.value = known;
    await this.run.expect(known?.expectations ?? []);
  }

  /** Replays the recordings that the page brings along. */
  async replayBrought(): Promise<void> {
    this.notice.value = '';
    if (await this.#canReplay())
      await this.#noticing(() => this.run.replayBrought(this.address.value.options));
  }

  async #replay(files: readonly DroppedFile[]): Promise<void> {
    if (!(await this.#canReplay())) return;
    await this.#noticing(async () => {
      const found = files.map(async ({ path, file, direct }) => ({
        path,
        bytes: await bytesOf(file, 'recording'),
        direct,
      }));
      const { bundlesOf } = await import('../../harness/recorded-set.ts');
      await this.run.replay(await bundlesOf(await Promise.all(found)), this.address.value.options);
    });
  }

  /** Whether something can compute and nothing does; goes to the view that shows it. */
  async #canReplay(): Promise<boolean> {
    if (isBlocked(this.facts.value ?? (await gatherFacts()))) {
      this.notice.value = frameWords().cannotReplay;
      return false;
    }
    if (this.run.busy) {
      this.notice.value = frameWords().runGoesOn;
      return false;
    }
    this.go({ view: 'check' });
    return true;
  }

  async #noticing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.notice.value = messageOf(error);
    }
  }

  /** Goes on where a reload interrupted; devices behind the bridge belong to what ran. */
  async #resume(): Promise<void> {
    if (this.bridge.state.value.phase === 'absent') await this.bridge.restore();
    await this.run.resume();
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
