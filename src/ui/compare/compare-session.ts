import { messageOf } from '../../errors.ts';
import type { Comparison } from '../../report/compare/compare.ts';
import type { Snapshot } from '../../report/compare/snapshot.ts';
import { type Address, NAMED } from '../app/address.ts';
import { Observable } from '../controls/observable.ts';
import type { History } from '../history/history.ts';
import { withWords } from '../messages/words.ts';
import { readShared } from '../share/shared.ts';
import { BaselineShelf } from './baselines.ts';
import { SIDES, type Side } from './side.ts';

/** Where a result comes from. */
export type Source =
  | { readonly kind: 'run'; readonly id: string }
  | { readonly kind: 'baseline'; readonly name: string }
  | { readonly kind: 'link'; readonly text: string }
  | { readonly kind: 'file'; readonly file: File };

/** One side of a comparison, from nothing chosen to a result. */
export type Slot =
  | { readonly phase: 'empty' }
  | { readonly phase: 'loading'; readonly source: Source }
  | { readonly phase: 'ready'; readonly source: Source; readonly snapshot: Snapshot }
  | { readonly phase: 'failed'; readonly source: Source; readonly problem: string };

/** Both sides, and how they differ once both are there. */
export interface CompareState {
  readonly before: Slot;
  readonly after: Slot;
  readonly comparison?: Comparison;
}

const EMPTY: Slot = { phase: 'empty' };

/**
 * The one comparison of the page: what is compared, and how it differs. Outlasts a change of view
 * or language.
 */
export class CompareSession {
  readonly state = new Observable<CompareState>({ before: EMPTY, after: EMPTY });
  readonly baselines = new BaselineShelf();
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  /**
   * Puts a result on a side; what it took too long for is not shown if another one was chosen
   * meanwhile.
   */
  async choose(side: Side, source: Source): Promise<void> {
    const loading: Slot = { phase: 'loading', source };
    await this.#put({ [side]: loading });
    const slot = await this.#load(source);
    if (this.state.value[side] === loading) await this.#put({ [side]: slot });
  }

  /** Takes a side away. */
  async clear(side: Side): Promise<void> {
    await this.#put({ [side]: EMPTY });
  }

  async swap(): Promise<void> {
    const { before, after } = this.state.value;
    await this.#put({ before: after, after: before });
  }

  /** Takes what the address names, where it names something else than what is there. */
  async follow(pair: Address['pair']): Promise<void> {
    const wanted = SIDES.flatMap((side) => {
      const source = sourceOf(pair[side]);
      return source && nameOf(this.state.value[side]) !== pair[side]
        ? [this.choose(side, source)]
        : [];
    });
    await Promise.all(wanted);
  }

  /**
   * What the address says of the sides: runs and baselines by name, links by their text; files stay out of it.
   */
  get pair(): Address['pair'] {
    const { before, after } = this.state.value;
    const a = nameOf(before);
    const b = nameOf(after);
    return { ...(a ? { before: a } : {}), ...(b ? { after: b } : {}) };
  }

  async #load(source: Source): Promise<Slot> {
    try {
      return { phase: 'ready', source, snapshot: await this.#read(source) };
    } catch (error) {
      return { phase: 'failed', source, problem: messageOf(error) };
    }
  }

  async #read(source: Source): Promise<Snapshot> {
    if (source.kind === 'run') return this.#history.snapshot(source.id);
    const { snapshotOfLink, snapshotOfReport } = await import('../../report/compare/snapshot.ts');
    if (source.kind === 'baseline')
      return snapshotOfReport(await this.baselines.report(source.name));
    if (source.kind === 'link') {
      const shared = await readShared(fragmentOf(source.text));
      if ('problem' in shared) throw new Error(shared.problem);
      return snapshotOfLink(shared.link);
    }
    const { readRun } = await withWords(import('../suites/read-tests.ts'));
    return snapshotOfReport(await readRun(source.file));
  }

  async #put(change: Partial<Record<Side, Slot>>): Promise<void> {
    const { before, after } = { ...this.state.value, ...change };
    if (before.phase !== 'ready' || after.phase !== 'ready') {
      this.state.value = { before, after };
      return;
    }
    const { compareSnapshots } = await import('../../report/compare/compare.ts');
    this.state.value = {
      before,
      after,
      comparison: compareSnapshots(before.snapshot, after.snapshot),
    };
  }
}

/** The part of a link that holds the result: what is behind `#`, or all of a bare fragment. */
function fragmentOf(text: string): string {
  const trimmed = text.trim();
  return trimmed.slice(trimmed.indexOf('#') + 1);
}

/**
 * How an address names what is on a side; undefined for nothing or a file, and for a run
 * whose id, from a file, is none for an address.
 */
function nameOf(slot: Slot): string | undefined {
  if (slot.phase === 'empty') return undefined;
  const { source } = slot;
  const name = writtenName(source);
  return NAMED.test(name) ? name : undefined;
}

function writtenName(source: Source): string {
  switch (source.kind) {
    case 'run':
      return `run/${source.id}`;
    case 'baseline':
      return `baseline/${source.name}`;
    case 'link':
      return `link/${fragmentOf(source.text)}`;
    case 'file':
      return '';
  }
}

function sourceOf(name: string | undefined): Source | undefined {
  const [kind = '', rest = ''] = NAMED.exec(name ?? '')?.[0].split('/') ?? [];
  if (kind === 'run') return { kind, id: rest };
  if (kind === 'link') return { kind, text: rest };
  return kind === 'baseline' ? { kind, name: rest } : undefined;
}
