import { VirtualizerController } from '@tanstack/lit-virtual';
import { css, html, LitElement, nothing, svg } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../icons.ts';
import { messages } from '../messages/language.ts';
import { type Progress, STANDINGS, type Standing, standingOf } from '../state/standing.ts';
import type { Counts, Row } from '../state/suite-tree.ts';
import { base } from '../styles.ts';
import { shapeOf, toneOf } from './status.ts';

/** Height of a row in units of the text. */
const ROW_REM = 2.25;
/** Rows beyond the visible ones, so that a quick scroll shows no gap before the next frame. */
const OVERSCAN = 12;
/** Letters that are typed within this time belong together. */
const TYPING_MS = 700;

/** What a person did to a row. */
export interface TreeAction {
  readonly row: Row;
  /** `open` and `close` move a branch; `choose` shows what is behind the row; `run` runs it. */
  readonly act: 'open' | 'close' | 'choose' | 'run';
}

/**
 * Suites and cases as a tree (the WAI-ARIA pattern), of which only the rows in sight are in the document, and the one with the focus.
 * Fires `act` with a {@link TreeAction}.
 */
export class TreeElement extends LitElement {
  static override properties = {
    rows: { attribute: false },
    counts: { attribute: false },
    progress: { attribute: false },
    chosen: { attribute: false },
    runnable: { type: Boolean },
    focusedPath: { state: true },
  };
  static override styles = [
    base,
    css`
      .scroller {
        max-block-size: inherit;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
      }
      .space {
        position: relative;
      }
      .row {
        position: absolute;
        inset-block-start: 0;
        inset-inline: 0;
        block-size: 2.25rem;
        display: flex;
        align-items: center;
        gap: var(--space-2);
        padding-inline: var(--space-3);
        cursor: pointer;
        white-space: nowrap;
        font-size: var(--text-s);
        contain: layout paint style;
      }
      .row:hover {
        background: var(--sunken);
      }
      .row[aria-selected='true'] {
        background: var(--sunken);
        box-shadow: inset 3px 0 0 var(--accent);
      }
      .row:focus-visible {
        outline-offset: -3px;
      }
      .caret {
        flex: none;
        inline-size: 1rem;
        block-size: 1rem;
        color: var(--muted);
      }
      [aria-expanded='true'] > .caret svg {
        transform: rotate(90deg);
      }
      .name {
        flex: 1;
        min-inline-size: 4rem;
        overflow: hidden;
        text-overflow: ellipsis;
        font-family: var(--mono);
        font-size: 0.8125rem;
      }
      .wrong,
      .status {
        display: inline-flex;
        align-items: center;
        gap: 0.3em;
        font-variant-numeric: tabular-nums;
        color: var(--muted);
      }
      .bad {
        color: var(--bad);
        font-weight: 600;
      }
      .good {
        color: var(--good);
      }
      /* The name of the row tells these in words; as text they would be a second label that differs from it. */
      [data-count]::after {
        content: attr(data-count);
      }
      .size {
        min-inline-size: 2.5rem;
        text-align: end;
        color: var(--muted);
        font-variant-numeric: tabular-nums;
      }
      .bar {
        flex: none;
        inline-size: 4rem;
        block-size: 0.375rem;
        border-radius: 3px;
        overflow: hidden;
        background: var(--line);
      }
      .bar rect.good {
        fill: var(--good);
      }
      .bar rect.bad {
        fill: var(--bad);
      }
      .bar rect.none {
        fill: var(--control-line);
      }
      .bar rect.live {
        fill: var(--accent);
      }
      .run {
        flex: none;
        display: none;
        inline-size: 1.75rem;
        block-size: 1.75rem;
        padding: 0;
        place-items: center;
        border: 1px solid var(--control-line);
        border-radius: var(--radius-s);
        background: var(--surface);
        color: var(--accent);
        cursor: pointer;
      }
      @media (hover: hover) {
        .row:hover .run {
          display: grid;
        }
      }
      @media (forced-colors: active) {
        .bar {
          background: none;
          border: 1px solid CanvasText;
        }
        .bar rect.bad {
          fill: Highlight;
        }
        .bar rect.none,
        .bar rect.live {
          fill: GrayText;
        }
        .row[aria-selected='true'] {
          outline: 2px solid Highlight;
          outline-offset: -2px;
        }
      }
      @media print {
        .scroller {
          max-block-size: none;
        }
      }
    `,
  ];
  declare rows: readonly Row[];
  declare counts: ReadonlyMap<string, Counts>;
  declare progress: Progress;
  /** Path of the row whose details are shown. */
  declare chosen: string | undefined;
  declare runnable: boolean;
  /** Path of the row that Tab leads to. */
  declare focusedPath: string | undefined;
  #rowHeight = rowHeight();
  readonly #window = new VirtualizerController<HTMLElement, HTMLElement>(this, {
    count: 0,
    getScrollElement: () => this.renderRoot.querySelector<HTMLElement>('.scroller'),
    estimateSize: () => this.#rowHeight,
    overscan: OVERSCAN,
  });
  #typed = '';
  #typedAt = 0;

  constructor() {
    super();
    this.rows = [];
    this.counts = new Map();
    this.runnable = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('resize', this.#resized);
  }

  override disconnectedCallback(): void {
    window.removeEventListener('resize', this.#resized);
    super.disconnectedCallback();
  }

  /** Text grows with a large window, and rows with it. */
  readonly #resized = (): void => {
    const height = rowHeight();
    if (height === this.#rowHeight) return;
    this.#rowHeight = height;
    this.#window.getVirtualizer().measure();
    this.requestUpdate();
  };

  override render() {
    const current = this.#current;
    const virtualizer = this.#window.getVirtualizer();
    virtualizer.setOptions({ ...virtualizer.options, count: this.rows.length });
    const drawn = this.#drawn(
      virtualizer.getVirtualItems().map(({ index }) => index),
      current,
    );
    return html`<div class="scroller" @keydown=${this.#key} @click=${this.#click}>
      <div class="space" role="tree" aria-label=${messages().list.tree} .style=${`block-size: ${virtualizer.getTotalSize()}px`}>
        ${repeat(
          drawn,
          ({ row }) => row.path,
          ({ row, index, start }) => this.#row(row, index, start, index === current),
        )}
      </div>
    </div>`;
  }

  /** The rows near those in sight, the one that is to get the focus, and the one that still has it: a keyboard is never thrown out of the tree. */
  #drawn(near: readonly number[], current: number) {
    const focused = this.shadowRoot?.activeElement;
    const holder = focused instanceof HTMLElement ? Number(focused.dataset['index'] ?? current) : current;
    // Before the first layout, and in a window without a height, nothing is in sight yet.
    const seen = near.length > 0 ? near : Array.from({ length: 2 * OVERSCAN }, (_, i) => i);
    const indices = [...new Set([...seen, current, holder])].sort((a, b) => a - b);
    return indices.flatMap((index) => {
      const row = this.rows[index];
      return row ? [{ row, index, start: index * this.#rowHeight }] : [];
    });
  }

  /** Index of the row with the focus, or that would get it. */
  get #current(): number {
    const find = (path: string | undefined) => (path === undefined ? -1 : this.rows.findIndex((row) => row.path === path));
    const focused = find(this.focusedPath);
    return focused >= 0 ? focused : Math.max(0, find(this.chosen));
  }

  #row(row: Row, index: number, start: number, current: boolean) {
    const branch = 'branch' in row;
    return html`<div
      class="row"
      role="treeitem"
      data-index=${index}
      tabindex=${current ? 0 : -1}
      aria-level=${row.level}
      aria-posinset=${row.position}
      aria-setsize=${row.siblings}
      aria-expanded=${branch ? row.open : nothing}
      aria-selected=${row.path === this.chosen}
      aria-label=${this.#nameOf(row)}
      .style=${`transform: translateY(${start}px); padding-inline-start: ${row.level * 0.875}rem`}
    >
      <span class="caret">${branch ? icon('caret') : nothing}</span>
      <span class="name" title=${branch ? row.branch.path : row.leaf.entry.id} lang="en">${branch ? row.branch.label : row.leaf.label}</span>
      ${this.runnable ? html`<button class="run" tabindex="-1" aria-hidden="true" data-run>${icon('run')}</button>` : nothing}
      ${branch ? this.#branch(this.counts.get(row.branch.path) ?? {}, row.branch.size) : this.#status(standingOf(row.leaf.key, this.progress))}
    </div>`;
  }

  #branch(counts: Counts, size: number) {
    const wrong = (counts.fail ?? 0) + (counts.error ?? 0) + (counts.timeout ?? 0) + (counts.lost ?? 0);
    const { number } = messages().units;
    return html`${wrong > 0 ? html`<span class="wrong bad" data-count=${number(wrong)}>${icon('bad')}</span>` : nothing}
      ${bar(counts, size)}<span class="size" data-count=${number(size)}></span>`;
  }

  #status(standing: Standing) {
    if (standing === 'not-run') return nothing;
    return html`<span class="status ${toneOf(standing)}">${icon(shapeOf(standing))}${messages().list.standings[standing]}</span>`;
  }

  /** What is read out: the name, and how the row stands. */
  #nameOf(row: Row): string {
    const { list } = messages();
    if ('leaf' in row) return `${row.leaf.label}, ${list.standings[standingOf(row.leaf.key, this.progress)]}`;
    const counts = this.counts.get(row.branch.path) ?? {};
    const parts = STANDINGS.flatMap((standing) => {
      const count = counts[standing];
      return count && standing !== 'not-run' ? [list.standing(count, standing)] : [];
    });
    // How many there are is said where one state does not tell it.
    const size = parts.length === 1 && Object.values(counts).includes(row.branch.size) ? [] : [list.checks(row.branch.size)];
    return [row.branch.label, ...size, ...parts].join(', ');
  }

  /** Index of the row that an event comes from, -1 where it is none. */
  #indexOf(event: Event): number {
    const has = (target: EventTarget): target is HTMLElement => target instanceof HTMLElement && target.dataset['index'] !== undefined;
    return Number(event.composedPath().find(has)?.dataset['index'] ?? -1);
  }

  #click(event: MouseEvent): void {
    const path = event.composedPath();
    const row = this.rows[this.#indexOf(event)];
    if (!row) return;
    this.focusedPath = row.path;
    if (path.some((target) => target instanceof HTMLElement && target.dataset['run'] !== undefined)) this.#act(row, 'run');
    else this.#choose(row);
  }

  #choose(row: Row): void {
    if ('branch' in row) this.#act(row, row.open ? 'close' : 'open');
    this.#act(row, 'choose');
  }

  #act(row: Row, act: TreeAction['act']): void {
    this.dispatchEvent(new CustomEvent<TreeAction>('act', { detail: { row, act } }));
  }

  #key(event: KeyboardEvent): void {
    const index = this.#indexOf(event);
    const row = this.rows[index];
    if (!row || event.altKey || event.metaKey || (event.ctrlKey && event.key !== 'Enter')) return;
    if (!this.#command(event, row) && !this.#move(event, row, index)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #command({ key, ctrlKey }: KeyboardEvent, row: Row): boolean {
    if (key === 'Enter' && ctrlKey) {
      if (this.runnable) this.#act(row, 'run');
      return true;
    }
    if (key === 'Enter' || key === ' ') {
      this.#choose(row);
      return true;
    }
    const open = 'branch' in row && row.open;
    if (key === 'ArrowRight' && 'branch' in row && !open) this.#act(row, 'open');
    else if (key === 'ArrowLeft' && open) this.#act(row, 'close');
    else if (key === '*')
      for (const sibling of this.rows) if ('branch' in sibling && sibling.parent === row.parent) this.#act(sibling, 'open');
    return (key === 'ArrowRight' && 'branch' in row && !open) || (key === 'ArrowLeft' && open) || key === '*';
  }

  #move({ key, shiftKey }: KeyboardEvent, row: Row, index: number): boolean {
    const target =
      this.#target(key, row, index) ?? (key.length === 1 && (!shiftKey || key !== ' ') ? this.#typedTo(key, index) : undefined);
    if (target === undefined) return false;
    this.focusRow(Math.min(this.rows.length - 1, Math.max(0, target)));
    return true;
  }

  #target(key: string, row: Row, index: number): number | undefined {
    switch (key) {
      case 'ArrowDown':
        return index + 1;
      case 'ArrowUp':
        return index - 1;
      case 'ArrowRight':
        return 'branch' in row ? index + 1 : index;
      case 'ArrowLeft':
        return row.parent === '' ? index : this.rows.findIndex(({ path }) => path === row.parent);
      case 'Home':
        return 0;
      case 'End':
        return this.rows.length - 1;
      case 'PageDown':
        return index + this.#page;
      case 'PageUp':
        return index - this.#page;
      default:
        return undefined;
    }
  }

  /** How many rows are seen at a time. */
  get #page(): number {
    return Math.max(1, Math.floor((this.#window.getVirtualizer().scrollRect?.height ?? 0) / this.#rowHeight) - 1);
  }

  /** The next row whose name begins with what is being typed. */
  #typedTo(key: string, index: number): number {
    const now = performance.now();
    this.#typed = now - this.#typedAt < TYPING_MS ? this.#typed + key.toLowerCase() : key.toLowerCase();
    this.#typedAt = now;
    const from = this.#typed.length === 1 ? index + 1 : index;
    const names = (row: Row) => ('branch' in row ? row.branch.label : row.leaf.label).toLowerCase();
    const order = [...this.rows.keys()].map((i) => (from + i) % this.rows.length);
    return order.find((i) => names(this.rows[i] as Row).startsWith(this.#typed)) ?? index;
  }

  /** Brings the focus to a row, wherever it is; to the current one without `index`. */
  async focusRow(index = this.#current): Promise<void> {
    this.focusedPath = this.rows[index]?.path;
    this.#window.getVirtualizer().scrollToIndex(index, { align: 'auto' });
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[role=treeitem][tabindex="0"]')?.focus({ preventScroll: true });
  }
}

function rowHeight(): number {
  return ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** Shares of a branch as one thin bar: right, wrong, skipped, running; the rest is still to come. */
function bar(counts: Counts, size: number) {
  const shares: readonly (readonly [tone: string, standings: readonly Standing[]])[] = [
    ['bad', ['fail', 'error', 'timeout', 'lost']],
    ['good', ['pass']],
    ['none', ['skip']],
    ['live', ['running']],
  ];
  let at = 0;
  return html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
    ${shares.map(([tone, standings]) => {
      const width = (100 * standings.reduce((sum, standing) => sum + (counts[standing] ?? 0), 0)) / size;
      const from = at;
      at += width;
      return width === 0 ? nothing : svg`<rect class=${tone} x=${from} width=${width} height="6" />`;
    })}
  </svg>`;
}

customElements.define('gp-tree', TreeElement);
