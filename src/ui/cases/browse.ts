import { css, html, LitElement, nothing } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { PlanEntry } from '../../harness/events.ts';
import { keyOf } from '../../report/case-key.ts';
import type { RunOptions } from '../../report/run-options.ts';
import { TIERS } from '../../report/tiers.ts';
import { type Address, optionsOf, queryText } from '../app/address.ts';
import type { Router } from '../app/router.ts';
import { replayedIn } from '../app/subject.ts';
import { canCompute, type Facts } from '../check/preflight.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import type { Observable } from '../controls/observable.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, controls } from '../controls/styles.ts';
import type { History } from '../history/history.ts';
import { choiceWords } from '../run/choice.en.ts';
import { type Choice, choose, tierThatFinds } from '../run/choice.ts';
import type { RunSession } from '../run/run-session.ts';
import type { Starter } from '../run/starter.ts';
import { caseStateOf, isWrong, type Progress } from './case-state.ts';
import type { Sought } from './detailed.ts';
import type { KnownFailuresSession } from './known-failures-session.ts';
import { listWords } from './list.en.ts';
import { missOf } from './miss.ts';
import type { Plan } from './plan.ts';
import { splitQuery } from './query.ts';
import {
  type Branch,
  countTree,
  findInTree,
  hasWrong,
  type Leaf,
  leavesOf,
  rowsOf,
  suiteTree,
  type TreeState,
} from './suite-tree.ts';
import './branch.ts';
import './case.ts';
import './known-failures-element.ts';
import './query-element.ts';
import '../run/run-buttons.ts';
import './tree.ts';
import type { QueryElement } from './query-element.ts';
import type { TreeAction, TreeElement } from './tree.ts';

/**
 * The plan and how it went: what is chosen of it, as a tree, and what is behind the row that a
 * person picks. It can be read without a graphics chip.
 */
export class BrowseElement extends LitElement {
  static override properties = {
    router: { attribute: false },
    plan: { attribute: false },
    tree: { attribute: false },
    run: { attribute: false },
    starter: { attribute: false },
    facts: { attribute: false },
    known: { attribute: false },
    history: { attribute: false },
    sought: { attribute: false },
    replayQuery: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        container-type: inline-size;
        /* What is scrolled to keeps its heading. */
        scroll-margin-block-start: var(--space-7);
      }
      form {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--space-3) var(--space-4);
        align-items: end;
        margin-block: var(--space-3);
      }
      label {
        display: grid;
        gap: var(--space-1);
        font-size: var(--text-s);
        color: var(--muted);
      }
      select {
        font-size: var(--text-m);
        color: var(--ink);
        inline-size: 100%;
      }
      .hint {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-2) var(--space-4);
        min-block-size: 2.25rem;
      }
      gp-known-failures,
      .shown {
        display: block;
        margin-block-end: var(--space-3);
      }
      .browser {
        display: grid;
        gap: var(--space-5);
        align-items: start;
        scroll-margin-block-start: var(--space-4);
      }
      gp-tree {
        max-block-size: min(75vh, 56rem);
      }
      .pane {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        padding: var(--space-5);
        min-inline-size: 0;
      }
      .back {
        margin-block-end: var(--space-4);
      }
      @media print {
        .browser {
          display: block;
        }
        form,
        gp-known-failures,
        gp-tree,
        .browser:not(.chosen) .pane {
          display: none;
        }
      }
      @container (min-width: 48rem) {
        .browser {
          grid-template-columns: minmax(17rem, 2fr) minmax(0, 3fr);
        }
        gp-tree {
          position: sticky;
          inset-block-start: var(--space-4);
        }
        .back {
          display: none;
        }
      }
      @container (max-width: 47.99rem) {
        .chosen gp-tree {
          display: none;
        }
        .pane {
          padding: var(--space-4);
        }
        .browser:not(.chosen) .pane {
          display: none;
        }
      }
      @container (max-width: 34rem) {
        form {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];
  declare router: Router;
  declare plan: Plan;
  declare tree: Observable<TreeState>;
  declare run: RunSession;
  declare starter: Starter;
  declare facts: Observable<Facts | undefined>;
  declare known: KnownFailuresSession;
  declare history: History;
  /** What is to come in sight. */
  declare sought: Observable<Sought | undefined>;
  /** What is asked of recordings, which are in no address. */
  declare replayQuery: string;
  readonly #entries = new Remembered(this.#allEntries.bind(this));
  readonly #choice = new Remembered(choose);
  readonly #tree = new Remembered(suiteTree);
  readonly #replayed = new Remembered(
    (text: string) =>
      ({
        options: { tier: 'slow', filters: splitQuery(text).filters },
        words: splitQuery(text).words,
      }) as const,
  );
  #opened = '';

  constructor() {
    super();
    this.replayQuery = '';
    new KeepFocus(this, () => this.renderRoot.querySelector<HTMLElement>('gp-query'));
    new Follow(this, () => [
      this.router.address,
      this.plan,
      this.facts,
      this.tree,
      this.run.state,
      this.run.repeats,
      this.sought,
    ]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.plan.load();
  }

  override render() {
    const { plan, run, tree: arranged } = this;
    const { address } = this.router;
    const list = listWords();
    const state = run.state.value;
    const { tier } = optionsOf(address.value);
    const replays = state.subject === 'recordings' && state.phase !== 'idle';
    const entries = this.#entries.of(plan.value, state.selected, replays);
    const choice = this.#chosen(entries, replays);
    const query = this.#text(replays);
    const tree = this.#tree.of(choice.found);
    const counts = countTree(tree, state);
    // Only when all has ended: nothing moves under a person's pointer.
    const wrongFirst =
      state.phase === 'ended'
        ? (item: Branch | Leaf) =>
            'key' in item ? isWrong(caseStateOf(item.key, state)) : hasWrong(counts.get(item.path))
        : undefined;
    const { open, chosen } = arranged.value;
    const detail = chosen === undefined ? undefined : findInTree(tree, chosen)?.item;
    return html`
      <form @submit=${(event: SubmitEvent) => event.preventDefault()} @runthese=${this.#runThese}>
        <label>
          ${list.howMuch}
          <select @change=${this.#chooseTier}>
            ${TIERS.map((name) => html`<option value=${name} ?selected=${name === tier}>${list.tiers[name]}</option>`)}
          </select>
        </label>
        <gp-query .text=${query} .entries=${entries} @query=${this.#query}></gp-query>
        <div class="hint small muted">
          <p role="status">${this.#hint(choice, entries, replays)}</p>
          ${query === '' ? nothing : html`<gp-run-buttons .run=${run} .facts=${this.facts} .entries=${choice.found}></gp-run-buttons>`}
        </div>
      </form>
      <gp-known-failures .known=${this.known}></gp-known-failures>
      ${replays ? html`<p class="shown small muted">${list.replayed[replayedIn(entries)]}</p>` : nothing}
      <div class="browser ${detail ? 'chosen' : ''}" ?hidden=${choice.found.length === 0}>
        <gp-tree
          .rows=${rowsOf(tree, open, wrongFirst)}
          .counts=${counts}
          .progress=${state}
          .chosen=${chosen}
          ?runnable=${canCompute(this.facts.value) && !run.busy && !replays}
          @act=${this.#act}
        ></gp-tree>
        <section class="pane" aria-label=${list.detail} @runthese=${this.#runThese}>
          ${detail ? html`<button class="quiet back" @click=${this.#back}>${list.back}</button>` : nothing}
          ${detail ? keyed(chosen, this.#detail(detail, counts.get(chosen ?? '') ?? {})) : html`<p class="muted">${list.nothingChosen}</p>`}
        </section>
      </div>
    `;
  }

  override updated(): void {
    const state = this.run.state.value;
    const replays = state.subject === 'recordings' && state.phase !== 'idle';
    const entries = this.#entries.of(this.plan.value, state.selected, replays);
    const { found } = this.#chosen(entries, replays);
    const tree = this.#tree.of(found);
    this.#openOnly(found, tree);
    if (entries.length > 0) this.#seek(entries, tree);
  }

  /** What is sought comes in sight, whatever was chosen and open before. */
  #seek(entries: Plan['value'], tree: readonly Branch[]): void {
    const { value: sought } = this.sought;
    if (sought === undefined) return;
    if (typeof sought === 'object') {
      const there = findInTree(tree, sought.key);
      const entry = there ? undefined : entries.find((one) => keyOf(one) === sought.key);
      if (entry) {
        this.#showAll(entry);
        return;
      }
      if (there) this.#show(there.within, sought.key);
    } else if (sought === 'wrong') this.#show(wrongBranches(tree, this.run.state.value));
    else this.#begin(sought);
    this.sought.value = undefined;
  }

  async #begin(sought: 'beginning' | 'query'): Promise<void> {
    const query = this.renderRoot.querySelector<QueryElement>('gp-query');
    await query?.updateComplete;
    this.scrollIntoView();
    if (sought === 'query') query?.focus();
  }

  /** Takes back what hides a case: the query, and the tier where that is smaller than its own. */
  #showAll({ tier }: PlanEntry): void {
    const { address } = this.router;
    const shown = optionsOf(address.value).tier;
    this.replayQuery = '';
    const more = TIERS.indexOf(tier) > TIERS.indexOf(shown) ? tier : shown;
    this.#choose({ options: { tier: more, filters: [] }, words: '' });
  }

  /** Brings the tree in sight with `open` branches open too, at the case of a key if that is given. */
  async #show(open: readonly string[], key?: string): Promise<void> {
    const chosen = key === undefined ? {} : { chosen: key };
    this.tree.value = { open: new Set([...this.tree.value.open, ...open]), ...chosen };
    await this.updateComplete;
    this.renderRoot.querySelector('.browser')?.scrollIntoView();
    if (!(await this.#toDetail()))
      await this.renderRoot.querySelector<TreeElement>('gp-tree')?.focusPath(key);
  }

  /** A tree that begins with one branch shows what is in it, and a single case is shown at once. */
  #openOnly(found: Plan['value'], tree: readonly Branch[]): void {
    const [root, other] = tree;
    if (!root || other || root.path === this.#opened) return;
    this.#opened = root.path;
    const only =
      found.length === 1 ? findInTree(tree, keyOf(found[0] as (typeof found)[number])) : undefined;
    const { open, ...rest } = this.tree.value;
    const chosen = only && 'key' in only.item ? { chosen: only.item.key } : {};
    this.tree.value = {
      ...rest,
      ...chosen,
      open: new Set([...open, root.path, ...(only?.within ?? [])]),
    };
  }

  /**
   * The plan, and what runs beside it: on devices behind the bridge, or recordings instead of it.
   */
  #allEntries(plan: Plan['value'], selected: Plan['value'], replays: boolean): Plan['value'] {
    if (replays) return selected;
    const known = new Set(plan.map(keyOf));
    const others = selected.filter((entry) => !known.has(keyOf(entry)));
    return others.length === 0 ? plan : [...plan, ...others];
  }

  #chosen(entries: Plan['value'], replays: boolean): Choice {
    const { run } = this;
    // How cases stand matters only to a query that asks for it; for all others the choice stays the
    // same while they run.
    const progress = /(^|\s)!?status:/.test(this.#text(replays)) ? run.state.value : NOTHING_RAN;
    return this.#choice.of(entries, this.#asked(replays), progress);
  }

  /** What is asked of the plan by the address, or of recordings by the field. */
  #asked(replays: boolean): Pick<Address, 'options' | 'words'> {
    return replays ? this.#replayed.of(this.replayQuery) : this.router.address.value;
  }

  #text(replays: boolean): string {
    return replays ? this.replayQuery : queryText(this.router.address.value);
  }

  #hint({ terms, among, found }: Choice, entries: Plan['value'], replays: boolean) {
    const list = listWords();
    const total = entries.length;
    if (total === 0) return list.readingPlan;
    if (found.length > 0) return list.chosen(found.length, total);
    const query = this.#text(replays);
    const asked = this.#asked(replays);
    const other = tierThatFinds(entries, asked, this.run.state.value);
    if (other) {
      const { otherTier, takeTier } = choiceWords();
      const { tier } = other;
      return html`${otherTier(query, optionsOf(asked).tier, other)}
        <button class="quiet" type="button" @click=${() => this.#choose({ options: { tier } })}>${takeTier(tier)}</button>`;
    }
    const caseState = (entry: Choice['found'][number]) =>
      caseStateOf(keyOf(entry), this.run.state.value);
    const miss = missOf(terms, among, caseState);
    if (!miss) return list.chosen(0, total);
    const { text, use } = list.miss(miss);
    return html`${text} ${use?.map((name) => html`<button class="quiet" type="button" @click=${() => this.#replace(query, miss.term.text, name)}>${name}</button> `)}`;
  }

  #detail(item: Branch | Leaf, counts: Parameters<typeof hasWrong>[0]) {
    if (!('key' in item))
      return html`<gp-branch .branch=${item} .counts=${counts} .run=${this.run} .facts=${this.facts} @only=${this.#only}></gp-branch>`;
    return html`<gp-case .leaf=${item} .run=${this.run} .facts=${this.facts} .history=${this.history}></gp-case>`;
  }

  #act({ detail: { row, act } }: CustomEvent<TreeAction>): void {
    const { open, ...rest } = this.tree.value;
    switch (act) {
      case 'open':
        this.tree.value = { ...rest, open: new Set([...open, row.path]) };
        break;
      case 'close':
        this.tree.value = {
          ...rest,
          open: new Set([...open].filter((path) => path !== row.path)),
        };
        break;
      case 'choose':
        this.tree.value = { open, chosen: row.path };
        this.#toDetail();
        break;
      case 'run':
        this.starter.runThese(
          'branch' in row ? leavesOf(row.branch).map(({ entry }) => entry) : [row.leaf.entry],
        );
    }
  }

  /**
   * Where there is no room for both, the details take the place of the tree, and the focus goes
   * with them. Returns whether that was so.
   */
  async #toDetail(): Promise<boolean> {
    await this.updateComplete;
    const back = this.renderRoot.querySelector<HTMLElement>('.back');
    if (!back?.checkVisibility()) return false;
    back.focus();
    back.scrollIntoView({ block: 'nearest' });
    return true;
  }

  async #back(): Promise<void> {
    const { open } = this.tree.value;
    this.tree.value = { open };
    await this.updateComplete;
    await this.renderRoot.querySelector<TreeElement>('gp-tree')?.focusRow();
  }

  #runThese({ detail }: CustomEvent<readonly PlanEntry[]>): void {
    this.starter.runThese(detail);
  }

  #only({ detail }: CustomEvent<readonly string[]>): void {
    const { words: _, ...address } = this.router.address.value;
    this.router.go({ ...address, words: '', options: { ...address.options, filters: detail } });
  }

  #chooseTier(event: Event): void {
    const tier = TIERS.find((name) => name === (event.target as HTMLSelectElement).value);
    if (tier) this.#choose({ options: { tier } });
  }

  #query({ detail }: CustomEvent<string>): void {
    const { subject, phase } = this.run.state.value;
    const { filters, words } = splitQuery(detail);
    if (subject === 'recordings' && phase !== 'idle') this.replayQuery = detail;
    else this.#choose({ options: { filters }, words });
  }

  #replace(before: string, word: string, use: string): void {
    const words = before.split(/\s+/).map((one) => (one === word ? use : one));
    this.#query(new CustomEvent('query', { detail: words.join(' ') }));
  }

  #choose({
    options,
    words,
  }: {
    readonly options: Partial<RunOptions>;
    readonly words?: string;
  }): void {
    const { address } = this.router;
    this.router.go(
      {
        options: { ...address.value.options, ...options },
        ...(words === undefined ? {} : { words }),
      },
      true,
    );
  }
}

/** Paths of the branches in which something is wrong. */
function wrongBranches(tree: readonly Branch[], progress: Progress): readonly string[] {
  const counts = countTree(tree, progress);
  return [...counts].flatMap(([path, count]) => (hasWrong(count) ? [path] : []));
}

const NOTHING_RAN = { results: new Map(), running: new Set<string>(), waiting: new Set<string>() };

customElements.define('gp-browse', BrowseElement);
