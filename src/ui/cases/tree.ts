import { VirtualizerController } from '@tanstack/lit-virtual';
import { css, html, LitElement } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { base } from '../controls/styles.ts';
import type { Progress } from './case-state.ts';
import { listWords } from './list.en.ts';
import type { Counts, Row } from './suite-tree.ts';
import { rowAfter, TypeAhead } from './tree-keys.ts';
import { labelOf, ROW_REM, rowStyles, treeRow } from './tree-row.ts';

/** Rows beyond the visible ones, so that a quick scroll shows no gap before the next frame. */
const OVERSCAN = 12;

/** What a person did to a row. */
export interface TreeAction {
  readonly row: Row;
  /** `open` and `close` move a branch; `choose` shows what is behind the row; `run` runs it. */
  readonly act: 'open' | 'close' | 'choose' | 'run';
}

/**
 * Suites and cases as a tree (the WAI-ARIA pattern). Only the rows in sight and the one with the
 * focus are in the document. Fires `act` with a {@link TreeAction}.
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
    rowStyles,
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
      .text {
        position: absolute;
        inline-size: 0;
        block-size: 1rem;
        visibility: hidden;
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
  readonly #typing = new TypeAhead();
  /** Rows grow with text, which grows with a large window or as a person sets it. */
  readonly #text = new ResizeObserver(() => {
    const height = rowHeight();
    if (height === this.#rowHeight) return;
    this.#rowHeight = height;
    this.#window.getVirtualizer().measure();
    this.requestUpdate();
  });

  constructor() {
    super();
    this.rows = [];
    this.counts = new Map();
    this.runnable = false;
  }

  override firstUpdated(): void {
    const text = this.renderRoot.querySelector('.text');
    if (text) this.#text.observe(text);
  }

  override render() {
    const current = this.#current;
    const virtualizer = this.#window.getVirtualizer();
    virtualizer.setOptions({ ...virtualizer.options, count: this.rows.length });
    const drawn = this.#drawn(
      virtualizer.getVirtualItems().map(({ index }) => index),
      current,
    );
    return html`<div class="text"></div>
    <div class="scroller" @keydown=${this.#key} @click=${this.#click}>
      <div class="space" role="tree" aria-label=${listWords().tree} .style=${`block-size: ${virtualizer.getTotalSize()}px`}>
        ${repeat(
          drawn,
          ({ row }) => row.path,
          ({ row, index, start }) =>
            treeRow(
              row,
              { index, start, current: index === current, chosen: row.path === this.chosen },
              this,
            ),
        )}
      </div>
    </div>`;
  }

  /**
   * The rows near those in sight, the one that is to get the focus, and the one that still has it:
   * a keyboard is never thrown out of the tree.
   */
  #drawn(near: readonly number[], current: number) {
    const focused = this.shadowRoot?.activeElement;
    const holder =
      focused instanceof HTMLElement ? Number(focused.dataset['index'] ?? current) : current;
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
    const find = (path: string | undefined) =>
      path === undefined ? -1 : this.rows.findIndex((row) => row.path === path);
    const focused = find(this.focusedPath);
    return focused >= 0 ? focused : Math.max(0, find(this.chosen));
  }

  /** Index of the row that an event comes from, -1 where it is none. */
  #indexOf(event: Event): number {
    const has = (target: EventTarget): target is HTMLElement =>
      target instanceof HTMLElement && target.dataset['index'] !== undefined;
    return Number(event.composedPath().find(has)?.dataset['index'] ?? -1);
  }

  #click(event: MouseEvent): void {
    const path = event.composedPath();
    const row = this.rows[this.#indexOf(event)];
    if (!row) return;
    this.focusedPath = row.path;
    if (path.some((target) => target instanceof HTMLElement && target.dataset['run'] !== undefined))
      this.#act(row, 'run');
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
    if (!this.#command(event, row) && !this.#move(event, index)) return;
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
    if (key === 'ArrowRight' && 'branch' in row && !row.open) {
      this.#act(row, 'open');
      return true;
    }
    if (key === 'ArrowLeft' && 'branch' in row && row.open) {
      this.#act(row, 'close');
      return true;
    }
    if (key !== '*') return false;
    for (const sibling of this.rows)
      if ('branch' in sibling && sibling.parent === row.parent) this.#act(sibling, 'open');
    return true;
  }

  #move({ key, timeStamp }: KeyboardEvent, index: number): boolean {
    const target =
      rowAfter(key, this.rows, index, this.#page) ??
      (key.length === 1 ? this.#typed(key, index, timeStamp) : undefined);
    if (target === undefined) return false;
    this.focusRow(target);
    return true;
  }

  #typed(letter: string, index: number, now: number): number {
    return this.#typing.next(letter, this.rows.map(labelOf), index, now);
  }

  /** How many rows are seen at a time. */
  get #page(): number {
    return Math.max(
      1,
      Math.floor((this.#window.getVirtualizer().scrollRect?.height ?? 0) / this.#rowHeight) - 1,
    );
  }

  /** Brings the focus to the row of a path, which must be in `rows`; without one to the first. */
  async focusPath(path?: string): Promise<void> {
    await this.updateComplete;
    await this.focusRow(path === undefined ? 0 : this.rows.findIndex((row) => row.path === path));
  }

  /** Brings the focus to a row, wherever it is; to the current one without `index`. */
  async focusRow(index = this.#current): Promise<void> {
    this.focusedPath = this.rows[index]?.path;
    this.#window.getVirtualizer().scrollToIndex(index, { align: 'auto' });
    await this.updateComplete;
    this.renderRoot
      .querySelector<HTMLElement>('[role=treeitem][tabindex="0"]')
      ?.focus({ preventScroll: true });
  }
}

function rowHeight(): number {
  return ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

customElements.define('gp-tree', TreeElement);
