import { css, html, LitElement, nothing } from 'lit';
import { keyOf } from '../../report/case-key.ts';
import {
  CHANGE_KINDS,
  type Change,
  type ChangeKind,
  type Comparison,
} from '../../report/compare/compare.ts';
import { differencesOf } from '../../report/compare/differences.ts';
import { compareLines } from '../../report/compare/lines.ts';
import type { Snapshot } from '../../report/compare/snapshot.ts';
import { chartsWords } from '../charts/charts.en.ts';
import type { Figure } from '../charts/figure.ts';
import { checkWords } from '../check/check.en.ts';
import type { History } from '../history/history.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { RunSession } from '../run/run-session.ts';
import { compareWords } from './compare.en.ts';
import '../charts/figure.ts';
import { pairsFigure } from '../charts/pairs.ts';
import { download } from '../controls/download.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { VirtualRows, virtualRows } from '../controls/virtual-rows.ts';
import { arithmeticWords } from '../speed/arithmetic.en.ts';
import { pairsOfResults } from '../speed/speed-pairs.ts';
import { comparisonAnswer } from './compare-words.ts';
import '../check/answer-element.ts';
import './change.ts';
import './differences.ts';

/**
 * Which changes are listed: of one kind, all, or all that are more than another share of the bound.
 */
type Shown = ChangeKind | 'all' | 'without-accuracy';

/**
 * How two results differ: the answer, what else differs around them, and the changes, what matters
 * most first.
 */
export class ComparisonElement extends LitElement {
  static override properties = {
    comparison: { attribute: false },
    first: { attribute: false },
    second: { attribute: false },
    history: { attribute: false },
    run: { attribute: false },
    shown: { state: true },
    sought: { state: true },
    open: { state: true },
    copied: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    virtualRows,
    css`
      :host {
        display: grid;
        gap: var(--space-5);
        grid-template-columns: minmax(0, 1fr);
      }
      gp-answer {
        max-width: var(--column);
      }
      h2 {
        font-size: var(--text-l);
        margin-block-end: var(--space-3);
      }
      summary {
        font-weight: 650;
        margin-block-end: var(--space-3);
      }
      .chips {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
        margin-block-end: var(--space-3);
      }
      .chips span {
        font-variant-numeric: tabular-nums;
      }
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-3);
        align-items: end;
        margin-block-end: var(--space-3);
      }
      .tools label {
        flex: 1 1 16rem;
        display: grid;
        gap: var(--space-1);
        font-size: var(--text-s);
        color: var(--muted);
      }
      .tools input {
        font-family: var(--mono);
        color: var(--ink);
      }
      .list {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        overflow: clip;
      }
      @media print {
        .chips,
        .tools {
          display: none;
        }
      }
    `,
  ];
  declare comparison: Comparison;
  declare first: Snapshot;
  declare second: Snapshot;
  declare history: History;
  declare run: RunSession;
  declare shown: Shown;
  /** What the name of a listed case holds. */
  declare sought: string;
  /** Keys of the changes that are open. */
  declare open: ReadonlySet<string>;
  declare copied: boolean;
  /**
   * Both speeds, where both results timed the same; drawn once, since the list below is drawn at
   * every step of scrolling.
   */
  #speed: Figure | undefined;
  // The same while nothing changed, since the list below is drawn at every step of scrolling.
  readonly #listed = new Remembered((changes: readonly Change[], shown: Shown, sought: string) =>
    changes.filter((change) => isShown(change, shown) && change.id.toLowerCase().includes(sought)),
  );
  readonly #withoutAccuracy = new Remembered((changes: readonly Change[]) =>
    changes.filter((change) => isShown(change, 'without-accuracy')),
  );
  readonly #differences = new Remembered(
    (first: Snapshot, second: Snapshot, { processor, endings }: ReturnType<typeof compareWords>) =>
      differencesOf(first, second, { probe: arithmeticWords().words, processor, ...endings }),
  );
  readonly #rows = new VirtualRows<Change>(this, 58);

  constructor() {
    super();
    this.shown = 'without-accuracy';
    this.sought = '';
    this.open = new Set();
    this.copied = false;
  }

  override render() {
    const words = compareWords();
    const { changes } = this.comparison;
    const differences = this.#differences.of(this.first, this.second, words);
    return html`
      <gp-answer role="status" .answer=${comparisonAnswer(this.comparison, this.first, this.second)}></gp-answer>
      ${differences.length === 0 ? nothing : html`<gp-differences .differences=${differences}></gp-differences>`}
      ${this.#speed ? this.#speeds(this.#speed) : nothing}
      <section aria-labelledby="changes">
        <h2 id="changes">${words.changes}</h2>
        ${changes.length === 0 ? html`<p class="muted">${words.noChanges}</p>` : this.#changes(changes)}
      </section>
    `;
  }

  #speeds(figure: Figure) {
    return html`<details>
      <summary>${checkWords().charts}</summary>
      <div class="panel"><gp-figure .figure=${figure}></gp-figure></div>
    </details>`;
  }

  #changes(changes: readonly Change[]) {
    const words = compareWords();
    const { counts } = this.comparison;
    const kinds = CHANGE_KINDS.filter((kind) => counts[kind] > 0);
    const shown = this.#listed.of(changes, this.shown, this.sought.toLowerCase());
    const without = this.#withoutAccuracy.of(changes).length;
    return html`
      <div class="chips" role="group" aria-label=${words.changes}>
        ${without > 0 && without < changes.length ? this.#chip('without-accuracy', words.withoutAccuracy, without) : nothing}
        ${this.#chip('all', words.all, changes.length)} ${kinds.length < 2 ? nothing : kinds.map((kind) => this.#chip(kind, words.kinds[kind], counts[kind]))}
      </div>
      <div class="tools">
        <label>
          ${words.filter}
          <input type="search" spellcheck="false" autocapitalize="off" autocomplete="off" .value=${this.sought} @input=${this.#search} />
        </label>
        <button @click=${this.#copy}>${words.copy}</button>
        <button @click=${this.#save}>${words.save}</button>
        <span role="status">${this.copied ? words.copied : ''}</span>
      </div>
      ${
        shown.length === 0
          ? html`<p class="muted">${words.noneMatches}</p>`
          : html`<div class="list">${this.#rows.render(words.changed(shown.length), shown, keyOf, (change) => this.#row(change))}</div>`
      }
    `;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('comparison')) return;
    const { changes, timed } = this.comparison;
    this.#speed = timed > 0 ? speedFigure(this.first, this.second) : undefined;
    this.shown = changes.some((change) => isShown(change, 'without-accuracy'))
      ? 'without-accuracy'
      : 'all';
    if (!changes.some(({ kinds }) => kinds.includes('accuracy'))) this.shown = 'all';
    [this.sought, this.open, this.copied] = ['', new Set(), false];
  }

  #chip(shown: Shown, name: string, count: number) {
    return html`<button class="quiet" aria-pressed=${this.shown === shown} @click=${() => this.#show(shown)}>
      ${name} <span>${unitsWords().number(count)}</span>
    </button>`;
  }

  #row(change: Change) {
    const key = keyOf(change);
    return html`<gp-change .history=${this.history} .run=${this.run} .change=${change} .open=${this.open.has(key)} @toggle=${() => this.#toggle(key)}></gp-change>`;
  }

  #toggle(key: string): void {
    const open = new Set(this.open);
    if (!open.delete(key)) open.add(key);
    this.open = open;
  }

  #show(shown: Shown): void {
    this.shown = shown;
  }

  #search(event: InputEvent): void {
    this.sought = (event.target as HTMLInputElement).value.trim();
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#text);
      this.copied = true;
    } catch {
      this.#save(); // without the permission a file holds the same
    }
  }

  #save(): void {
    download('gradproof-comparison.txt', this.#text, 'text/plain');
  }

  /** As the command line tells it. */
  get #text(): string {
    return `${compareLines(this.comparison).join('\n')}\n`;
  }
}

function speedFigure(first: Snapshot, second: Snapshot): Figure {
  const compare = compareWords();
  const charts = chartsWords();
  const words = {
    ...charts.pairs.results,
    first: compare.sides.before,
    second: compare.sides.after,
    file: 'gradproof-two-speeds',
  };
  return pairsFigure(pairsOfResults(first, second), words);
}

function isShown({ kinds }: Change, shown: Shown): boolean {
  return (
    shown === 'all' ||
    (shown === 'without-accuracy' ? kinds[0] !== 'accuracy' : kinds.includes(shown))
  );
}

customElements.define('gp-comparison', ComparisonElement);
