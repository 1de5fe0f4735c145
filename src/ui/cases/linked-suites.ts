import { css, html, LitElement, nothing } from 'lit';
import type { DecodedLink, LinkedCase } from '../../report/link/decode.ts';
import { icon } from '../controls/icons.ts';
import { base } from '../controls/styles.ts';
import { VirtualRows, virtualRows } from '../controls/virtual-rows.ts';
import { sharedWords } from '../share/shared.en.ts';
import { statusStyles, statusWords } from './status.ts';

/** A line of the list: a suite, or a case of one that is open. */
type Row = { readonly suite: string; readonly cases: readonly LinkedCase[] } | LinkedCase;

/** The cases of a link by suite, as far as its plan is known: statuses and shares of the bound. */
export class LinkedSuites extends LitElement {
  static override properties = {
    link: { attribute: false },
    open: { state: true },
    shown: { state: true },
  };
  static override styles = [
    base,
    virtualRows,
    statusStyles,
    css`
      .list {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        overflow: clip;
      }
      h2 {
        margin-block-end: var(--space-3);
      }
      h3 button {
        display: flex;
        gap: var(--space-3);
        align-items: center;
        width: 100%;
        min-height: 2.75rem;
        padding: var(--space-2) var(--space-4);
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        text-align: start;
        cursor: pointer;
      }
      h3 button:hover {
        background: var(--sunken);
      }
      h3 svg {
        flex: none;
        color: var(--muted);
        transition: transform var(--quick);
      }
      [aria-expanded='true'] svg {
        transform: rotate(90deg);
      }
      :focus-visible {
        outline-offset: -3px;
      }
      h3,
      .case {
        border-block-end: 1px solid var(--line);
        font-weight: 400;
      }
      .case {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-4);
        padding: var(--space-2) var(--space-4) var(--space-2) var(--space-6);
      }
      .id {
        flex: 1 1 16rem;
      }
      .case[aria-current] {
        background: var(--sunken);
        border-inline-start: 4px solid var(--accent);
      }
    `,
  ];
  declare link: DecodedLink;
  /** Names of the suites that are open. */
  declare open: ReadonlySet<string>;
  /** Position of the case that was asked for. */
  declare shown: number | undefined;
  /** Whether that is still to get the focus. */
  #sought = false;
  readonly #rows = new VirtualRows<Row>(this, 44);

  constructor() {
    super();
    this.open = new Set();
  }

  /** Opens the suite of a case and brings the case in sight, if the link names it. */
  async show(position: number): Promise<void> {
    const suite = this.link.cases[position]?.id?.split(':')[0];
    if (suite === undefined) return;
    this.open = new Set([...this.open, suite]);
    this.shown = position;
    this.#sought = true;
    await this.updateComplete;
    this.#rows.reveal(
      this.#all().findIndex((row) => 'position' in row && row.position === position),
    );
  }

  override render() {
    const rows = this.#all();
    if (rows.length === 0) return nothing;
    const { checks } = sharedWords();
    return html`<h2>${checks}</h2>
      <div class="list">
        ${this.#rows.render(
          checks,
          rows,
          (row) => ('suite' in row ? row.suite : String(row.position)),
          (row) => ('suite' in row ? this.#suite(row.suite, row.cases) : this.#case(row)),
        )}
      </div>`;
  }

  /** A row is drawn only when the page has been scrolled to it. */
  override updated(): void {
    const row = this.#sought
      ? this.renderRoot.querySelector<HTMLElement>('.case[aria-current]')
      : null;
    if (!row) return;
    this.#sought = false;
    row.focus({ preventScroll: true });
  }

  #all(): readonly Row[] {
    const ran = this.link.cases.filter(
      ({ status, id }) => status !== 'not-run' && id !== undefined,
    );
    const suites = [...Map.groupBy(ran, ({ id }) => id?.split(':')[0] ?? '')];
    return suites.flatMap(([suite, cases]): Row[] => [
      { suite, cases },
      ...(this.open.has(suite) ? cases : []),
    ]);
  }

  #suite(name: string, cases: readonly LinkedCase[]) {
    const right = cases.filter(({ status }) => status === 'pass').length;
    return html`<h3>
      <button aria-expanded=${this.open.has(name)} @click=${() => this.#toggle(name)}>
        ${icon('caret')}<span class="mono small" lang="en">${name}</span>
        <span class="small muted">${sharedWords().right(right, cases.length)}</span>
      </button>
    </h3>`;
  }

  #case({ id, position, status, boundUsed }: LinkedCase) {
    const isShown = position === this.shown;
    return html`<div class="case" tabindex=${isShown ? -1 : nothing} aria-current=${isShown ? 'true' : nothing}>
      <span class="id mono small" lang="en">${id}</span>
      ${boundUsed === undefined ? nothing : html`<span class="small muted">${share(boundUsed)}</span>`}
      ${status === 'not-run' ? nothing : statusWords(status)}
    </div>`;
  }

  #toggle(name: string): void {
    const open = new Set(this.open);
    if (!open.delete(name)) open.add(name);
    this.open = open;
  }
}

/** What a link tells of the share of the bound. */
function share(boundUsed: number): string {
  const { beyondBounds, littleOfBound, mostOfBound } = sharedWords();
  if (!Number.isFinite(boundUsed)) return beyondBounds;
  return boundUsed < 0.001 ? littleOfBound : mostOfBound(boundUsed);
}

customElements.define('gp-linked-suites', LinkedSuites);
