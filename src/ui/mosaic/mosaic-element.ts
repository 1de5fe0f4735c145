import { css, html, LitElement, nothing, svg } from 'lit';
import type { Family } from '../../report/families.ts';
import {
  type FamilySquares,
  mosaicOf,
  pathsOf,
  SQUARE_STATES,
  type Square,
  type SquareState,
} from '../../report/mosaic.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, panels } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { mosaicWords } from './mosaic.en.ts';
import { type SquarePlace, squareAfter } from './square-keys.ts';

/** Pixels from a square to the next at the usual size of text; in a large mosaic fewer. */
const PITCH = 10;
const SMALL_PITCH = 7;
const MANY = 2500;

/** What a family looks like, made anew only when one of its squares has changed. */
interface Drawn {
  readonly squares: readonly Square[];
  readonly columns: number;
  readonly pitch: number;
  readonly paths: ReturnType<typeof pathsOf>;
}

/**
 * A square for each check, by family, with counts in words. One square has the focus: the arrows
 * move it, and its name is told. Fires `open` with the key of a square that is clicked or entered.
 */
export class MosaicElement extends LitElement {
  static override properties = {
    squares: { attribute: false },
    nameOf: { attribute: false },
    closed: { type: Boolean, reflect: true },
    columns: { state: true },
    at: { state: true },
    pointed: { state: true },
  };
  static override styles = [
    base,
    panels,
    css`
      section {
        display: grid;
        gap: var(--space-3);
      }
      .legend,
      .counts {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-4);
      }
      .legend li {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
      }
      .families {
        columns: 14rem;
        column-gap: var(--space-5);
      }
      .family {
        break-inside: avoid;
        padding-block-end: var(--space-3);
      }
      h3 {
        font-size: var(--text-s);
      }
      .counts {
        gap: 0 var(--space-2);
        font-variant-numeric: tabular-nums;
      }
      .counts .wrong {
        color: var(--bad);
        font-weight: 650;
      }
      .squares {
        margin-block-start: var(--space-1);
        cursor: pointer;
      }
      svg {
        display: block;
        overflow: visible;
        fill: var(--muted);
      }
      path.right {
        fill: var(--good);
      }
      path.wrong {
        fill: var(--bad);
      }
      path.expected {
        fill: var(--warn);
      }
      path.running {
        fill: var(--accent);
      }
      path.waiting {
        fill: var(--control-line);
      }
      rect {
        fill: none;
        stroke: var(--focus);
        stroke-width: 2;
      }
      :host([closed]) .squares {
        cursor: default;
      }
      .squares:not(:focus-visible) rect:not(.pointed) {
        display: none;
      }
      .told {
        /* A large mosaic is scrolled below it. */
        position: sticky;
        inset-block-start: 0;
        z-index: 1;
        min-block-size: 1.6em;
        padding-block: var(--space-1);
        background: var(--surface);
        white-space: nowrap;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      @media print {
        .told {
          display: none;
        }
      }
    `,
  ];
  declare squares: readonly Square[];
  /** The name of a square's check, where that is known. */
  declare nameOf: (key: string) => string | undefined;
  /** Whether nothing is known of a check but its state, so that none opens. */
  declare closed: boolean;
  /** Squares in a row; undefined until there is a width. */
  declare columns: number | undefined;
  /** The square that Tab leads to; undefined until a person has moved it. */
  declare at: SquarePlace | undefined;
  /** The square under the pointer. */
  declare pointed: SquarePlace | undefined;
  readonly #families = new Remembered(mosaicOf);
  readonly #drawn = new Map<Family, Drawn>();
  readonly #width = new ResizeObserver(() => this.#measure());

  constructor() {
    super();
    this.squares = [];
    this.closed = false;
    this.nameOf = (key) => key;
  }

  override firstUpdated(): void {
    this.#width.observe(this);
  }

  override disconnectedCallback(): void {
    this.#width.disconnect();
    super.disconnectedCallback();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#width.observe(this);
  }

  override render() {
    const families = this.#families.of(this.squares);
    const words = mosaicWords();
    const at = this.#current(families);
    const present = SQUARE_STATES.filter((state) =>
      families.some(({ counts }) => counts[state] > 0),
    );
    return html`<section class="panel" aria-labelledby="title">
      <h2 id="title">${words.title}</h2>
      <ul class="legend small" aria-label=${words.legend}>
        ${present.map((state) => html`<li>${sample(state)}${words.states[state]}</li>`)}
      </ul>
      <p class="told small muted">${this.#told(families)}</p>
      <ul class="families">
        ${families.map((family, i) => this.#family(family, i, at))}
      </ul>
    </section>`;
  }

  #family({ family, squares, counts }: FamilySquares, i: number, at: SquarePlace) {
    const words = mosaicWords();
    const name = this.#nameOfFamily(family, squares);
    const current = at.family === i ? squares[at.index] : undefined;
    return html`<li class="family">
      <h3>${name}</h3>
      <p class="counts small muted">
        ${SQUARE_STATES.map((state) => (counts[state] > 0 ? html`<span class=${state}>${words.counted(counts[state], state)}</span>` : nothing))}
      </p>
      <div
        class="squares"
        role="listbox"
        aria-label=${name}
        tabindex=${current ? 0 : -1}
        aria-activedescendant=${current ? 'current' : nothing}
        @keydown=${(event: KeyboardEvent) => this.#key(event, i)}
        @click=${(event: MouseEvent) => this.#click(event, i)}
        @pointermove=${(event: PointerEvent) => this.#point(event, i)}
        @pointerleave=${this.#leave}
        @focus=${() => this.requestUpdate()}
        @blur=${() => this.requestUpdate()}
      >
        ${this.#picture(family, squares, i, at)}
        ${
          current
            ? html`<span id="current" class="visually-hidden" role="option" aria-selected="true" aria-posinset=${at.index + 1} aria-setsize=${squares.length}>${this.#nameOfSquare(current)}</span>`
            : html`<span class="visually-hidden" role="option" aria-selected="false">${squares[0] ? this.#nameOfSquare(squares[0]) : ''}</span>`
        }
      </div>
    </li>`;
  }

  #picture(family: Family, squares: readonly Square[], i: number, at: SquarePlace) {
    const { columns } = this;
    if (columns === undefined) return nothing;
    const pitch = this.#pitch;
    const { paths } = this.#draw(family, { squares, columns, pitch });
    const marked = [
      ...(at.family === i ? [{ index: at.index, name: 'current' }] : []),
      ...(this.pointed?.family === i ? [{ index: this.pointed.index, name: 'pointed' }] : []),
    ];
    const height = Math.ceil(squares.length / columns) * pitch;
    return html`<svg width=${columns * pitch} height=${height} aria-hidden="true">
      ${SQUARE_STATES.map((state) => (paths[state] ? svg`<path class=${state} fill-rule="evenodd" d=${paths[state]} />` : nothing))}
      ${marked.map(
        ({ index, name }) =>
          svg`<rect class=${name} x=${(index % columns) * pitch - 1.5} y=${Math.floor(index / columns) * pitch - 1.5} width=${pitch + 1} height=${pitch + 1} />`,
      )}
    </svg>`;
  }

  #draw(family: Family, wanted: Omit<Drawn, 'paths'>): Drawn {
    const before = this.#drawn.get(family);
    if (before && isSame(before, wanted)) return before;
    const drawn = { ...wanted, paths: pathsOf(wanted.squares, wanted) };
    this.#drawn.set(family, drawn);
    return drawn;
  }

  /** What a person looks at, or else what runs now, or else what can be done. */
  #told(families: readonly FamilySquares[]) {
    const words = mosaicWords();
    const place = this.pointed ?? (this.#hasFocus ? this.#current(families) : undefined);
    const square = place && families[place.family]?.squares[place.index];
    if (square) return this.#nameOfSquare(square);
    const now = families.find(({ counts }) => counts.running > 0);
    if (now) return words.now(now.family);
    return this.closed ? '' : words.hint;
  }

  get #hasFocus(): boolean {
    return this.renderRoot.querySelector('.squares:focus-visible') !== null;
  }

  #nameOfSquare({ key, state }: Square): string {
    return `${this.nameOf(key) ?? unitsWords().number(Number(key) + 1)}, ${mosaicWords().states[state]}`;
  }

  /** Without any names there are no families either. */
  #nameOfFamily(family: Family, squares: readonly Square[]): string {
    const { families, unnamed } = mosaicWords();
    return family === 'other' && squares[0]?.suite === undefined ? unnamed : families[family];
  }

  /** Where the focus stands, or will stand: at first on what is wrong. */
  #current(families: readonly FamilySquares[]): SquarePlace {
    if (this.at && families[this.at.family]?.squares[this.at.index]) return this.at;
    const family = families.findIndex(({ counts }) => counts.wrong > 0);
    const index = families[family]?.squares.findIndex(({ state }) => state === 'wrong');
    return index === undefined ? { family: 0, index: 0 } : { family, index };
  }

  get #pitch(): number {
    const text = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    return Math.round(((this.squares.length > MANY ? SMALL_PITCH : PITCH) * text) / 16);
  }

  #measure(): void {
    const width = this.renderRoot.querySelector('.family')?.clientWidth;
    if (width) this.columns = Math.max(1, Math.floor(width / this.#pitch));
  }

  async #key(event: KeyboardEvent, family: number): Promise<void> {
    const families = this.#families.of(this.squares);
    const at = this.#current(families);
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#open(at);
      return;
    }
    const sizes = families.map(({ squares }) => squares.length);
    const next = squareAfter(event.key, { ...at, family }, sizes, this.columns ?? 1);
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.at = next;
    await this.updateComplete;
    const squares = this.renderRoot.querySelectorAll<HTMLElement>('.squares')[next.family];
    squares?.focus({ preventScroll: true });
    squares?.querySelector('rect.current')?.scrollIntoView({ block: 'nearest' });
    this.requestUpdate();
  }

  #click(event: MouseEvent, family: number): void {
    const place = this.#placeAt(event, family);
    if (!place) return;
    this.at = place;
    this.#open(place);
  }

  #point(event: PointerEvent, family: number): void {
    if (event.pointerType === 'touch') return;
    const place = this.#placeAt(event, family);
    if (place?.index !== this.pointed?.index || place?.family !== this.pointed?.family)
      this.pointed = place;
  }

  #leave(): void {
    this.pointed = undefined;
  }

  #placeAt({ currentTarget, clientX, clientY }: MouseEvent, family: number) {
    const picture = (currentTarget as HTMLElement).querySelector('svg')?.getBoundingClientRect();
    const { columns } = this;
    if (!picture || columns === undefined) return undefined;
    const column = Math.floor((clientX - picture.left) / this.#pitch);
    const row = Math.floor((clientY - picture.top) / this.#pitch);
    const index = row * columns + column;
    const { squares = [] } = this.#families.of(this.squares)[family] ?? {};
    return column >= 0 && column < columns && squares[index] ? { family, index } : undefined;
  }

  #open({ family, index }: SquarePlace): void {
    const square = this.#families.of(this.squares)[family]?.squares[index];
    if (square && !this.closed)
      this.dispatchEvent(new CustomEvent<string>('open', { detail: square.key }));
  }
}

function isSame(before: Drawn, { squares, columns, pitch }: Omit<Drawn, 'paths'>): boolean {
  return (
    before.columns === columns &&
    before.pitch === pitch &&
    before.squares.length === squares.length &&
    squares.every(({ state }, i) => state === before.squares[i]?.state)
  );
}

/** A square of a state, beside its word. */
function sample(state: SquareState) {
  const d = pathsOf([{ state }], { columns: 1, pitch: 12 })[state];
  return html`<svg width="12" height="12" viewBox="-1 -1 12 12" aria-hidden="true">${svg`<path class=${state} fill-rule="evenodd" d=${d} />`}</svg>`;
}

customElements.define('gp-mosaic', MosaicElement);
