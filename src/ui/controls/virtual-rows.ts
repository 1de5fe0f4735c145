import {
  defaultRangeExtractor,
  type Range,
  type VirtualItem,
  WindowVirtualizerController,
} from '@tanstack/lit-virtual';
import { css, html, type LitElement, type ReactiveController, type TemplateResult } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import { Paper } from './paper.ts';

/** What a list of {@link VirtualRows} needs of the styles of its host. */
export const virtualRows = css`
  .virtual {
    position: relative;
    overflow-anchor: none;
  }
  .virtual > li {
    position: absolute;
    inset-block-start: 0;
    inset-inline: 0;
  }
  @media print {
    .virtual > li {
      position: static;
    }
  }
`;

type Key = VirtualItem['key'];

/** Rows beyond the window that are drawn too, so that a quick scroll or a key finds them there. */
const OVERSCAN = 4;

/**
 * A list of any length in the shadow root of its host. Only the rows near the window are drawn: it
 * scrolls with the page, and rows may have any height. A row that holds the focus stays, so that a
 * keyboard is never thrown out of the list. Paper gets all rows.
 */
export class VirtualRows<T> implements ReactiveController {
  readonly #host: LitElement;
  readonly #paper: Paper;
  readonly #controller: WindowVirtualizerController<HTMLLIElement>;
  readonly #list = createRef<HTMLUListElement>();
  readonly #moved = new ResizeObserver(() => this.#place());
  readonly #grown = new ResizeObserver((rows) => this.#measure(rows));
  /** Which element draws which row. */
  #elements: ReadonlyMap<Key, symbol> = new Map();
  /** The row that each element was last observed as. */
  #observed = new WeakMap<Element, Key>();
  /** Distance of the list from the top of the document, in pixels. */
  #top = 0;
  #focused: number | undefined;
  #items: readonly T[] = [];
  #keyAt = (index: number): Key => index;

  /** `estimate` is the usual height of a row in pixels; rows are measured once they are drawn. */
  constructor(host: LitElement, estimate: number) {
    this.#host = host;
    this.#paper = new Paper(host);
    this.#controller = new WindowVirtualizerController(host, {
      count: 0,
      estimateSize: () => estimate,
      overscan: OVERSCAN,
      rangeExtractor: (range) => this.#withFocused(range),
    });
    host.addController(this);
  }

  /**
   * Draws the list, named `label`, with a row of `row` for each item; `keyOf` tells items apart.
   */
  render(
    label: string,
    items: readonly T[],
    keyOf: (item: T) => string,
    row: (item: T) => TemplateResult,
  ): TemplateResult {
    const virtualizer = this.#controller.getVirtualizer();
    this.#take(items, keyOf);
    virtualizer.setOptions({
      ...virtualizer.options,
      count: items.length,
      scrollMargin: this.#top,
      getItemKey: this.#keyAt,
    });
    const { printing } = this.#paper;
    const places = printing
      ? items.map((_, index) => ({ index, key: this.#keyAt(index), start: 0 }))
      : virtualizer.getVirtualItems();
    this.#elements = elementsOf(places, this.#elements);
    const drawn = places.flatMap((place) => {
      const item = items[place.index];
      return item === undefined ? [] : [{ ...place, item }];
    });
    // Safari takes the role from a list without markers, unless it is said.
    return html`<ul
      role="list"
      class="virtual"
      aria-label=${label}
      .style=${printing ? '' : `block-size: ${virtualizer.getTotalSize()}px`}
      ${ref(this.#list)}
      @focusin=${this.#keep}
      @focusout=${this.#release}
    >
      ${repeat(
        drawn,
        ({ key }) => this.#elements.get(key),
        ({ index, start, item }) => html`<li
          data-index=${index}
          aria-setsize=${items.length}
          aria-posinset=${index + 1}
          .style=${printing ? '' : `transform: translateY(${start - this.#top}px)`}
        >
          ${row(item)}
        </li>`,
      )}
    </ul>`;
  }

  /** Scrolls the page to a row, which is drawn then. */
  reveal(index: number): void {
    this.#controller.getVirtualizer().scrollToIndex(index, { align: 'center' });
  }

  /**
   * All places are computed anew when this function is another one, so it stays as long as the
   * items do.
   */
  #take(items: readonly T[], keyOf: (item: T) => string): void {
    const same =
      items === this.#items ||
      (items.length === this.#items.length && items.every((item, i) => item === this.#items[i]));
    if (same) return;
    this.#items = items;
    this.#keyAt = (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    };
  }

  hostConnected(): void {
    this.#moved.observe(document.body);
    this.#host.requestUpdate(); // its rows are observed when it is updated
  }

  hostUpdated(): void {
    this.#place();
    if (!this.#paper.printing)
      for (const row of this.#list.value?.children ?? []) this.#observe(row);
  }

  hostDisconnected(): void {
    this.#moved.disconnect();
    this.#grown.disconnect();
    this.#observed = new WeakMap();
  }

  /** What stands above the list may have grown. */
  #place(): void {
    const list = this.#list.value;
    if (!list?.isConnected) return;
    const top = list.getBoundingClientRect().top + window.scrollY;
    if (Math.abs(top - this.#top) < 1) return;
    this.#top = top;
    this.#host.requestUpdate();
  }

  #withFocused(range: Range): number[] {
    const indices = defaultRangeExtractor(range);
    const kept = this.#focused;
    return kept === undefined || kept >= range.count || indices.includes(kept)
      ? indices
      : [...indices, kept].sort((a, b) => a - b);
  }

  /** An element that draws another row than before is observed anew, which measures it. */
  #observe(element: Element): void {
    const key = this.#keyAt(indexOf(element));
    if (this.#observed.get(element) === key) return;
    this.#observed.set(element, key);
    this.#grown.unobserve(element); // Chromium does nothing for one that it observes already
    this.#grown.observe(element);
  }

  #measure(rows: readonly ResizeObserverEntry[]): void {
    const virtualizer = this.#controller.getVirtualizer();
    for (const { target, borderBoxSize } of rows)
      if (target.isConnected && !this.#paper.printing)
        virtualizer.resizeItem(indexOf(target), Math.round(borderBoxSize[0]?.blockSize ?? 0));
  }

  #keep = ({ target }: FocusEvent): void => {
    const row = target instanceof Element ? target.closest<HTMLElement>('li[data-index]') : null;
    this.#focused = row ? indexOf(row) : undefined;
  };

  #release = (): void => {
    this.#focused = undefined;
  };
}

/**
 * Which element draws which row: a row stays where it is, and one that comes takes the element of
 * one that went, since an element with all it holds costs more than new words in it.
 */
function elementsOf(
  rows: readonly { readonly key: Key }[],
  last: ReadonlyMap<Key, symbol>,
): ReadonlyMap<Key, symbol> {
  const kept = new Set(rows.flatMap(({ key }) => last.get(key) ?? []));
  const free = [...last.values()].filter((element) => !kept.has(element));
  return new Map(rows.map(({ key }) => [key, last.get(key) ?? free.shift() ?? Symbol()]));
}

function indexOf(row: Element): number {
  return Number(row.getAttribute('data-index'));
}
