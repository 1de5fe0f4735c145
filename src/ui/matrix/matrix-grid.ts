import { css, html, LitElement, nothing } from 'lit';
import type { Cell } from '../../quantizer/matrix/cell.ts';
import { toCsv } from '../../report/table.ts';
import { download } from '../controls/download.ts';
import { base, controls } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { type GridPlace, gridPlaceAfter } from './grid-keys.ts';
import { matrixWords } from './matrix.en.ts';
import {
  cellTable,
  columnWords,
  type Square,
  shareWords,
  squaresOf,
  squareWords,
} from './matrix-cells.ts';

/** What stands for a direction that did not pass. */
const MARKS = { fail: '✕', 'producer-deviates': '!', unavailable: '·' } as const;

/** Methods as rows, backends as columns; a square opens what its four cells say. */
export class MatrixGrid extends LitElement {
  static override properties = {
    cells: { attribute: false },
    place: { state: true },
    opened: { state: true },
  };
  static override styles = [
    base,
    controls,
    tables,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-4);
      }
      .scroll {
        max-block-size: 44rem;
        overflow: auto;
      }
      table {
        border-collapse: separate;
        border-spacing: 0;
      }
      caption {
        text-align: start;
        font-size: var(--text-m);
        font-weight: 650;
        padding-block-end: var(--space-2);
      }
      td {
        padding: 0 var(--space-1);
      }
      thead th {
        position: sticky;
        inset-block-start: 0;
        z-index: 1;
        background: var(--surface);
        vertical-align: bottom;
        white-space: normal;
        min-inline-size: 5.5rem;
        overflow-wrap: normal;
      }
      :is(thead th, tbody th):first-child {
        position: sticky;
        inset-inline-start: 0;
        background: var(--surface);
        white-space: nowrap;
      }
      thead th:first-child {
        z-index: 2;
      }
      td button {
        min-height: 1.75rem;
        padding: 0 var(--space-1);
        border-color: transparent;
        background: none;
        color: inherit;
        font-family: var(--mono);
        font-weight: 400;
        letter-spacing: 0.12em;
        white-space: nowrap;
        gap: 0;
      }
      td button[aria-pressed='true'] {
        background: none;
        border-color: var(--accent);
        color: inherit;
      }
      .pass {
        color: var(--good);
      }
      .fail {
        color: var(--bad);
        font-weight: 700;
      }
      .producer-deviates {
        color: var(--warn);
        font-weight: 700;
      }
      .unavailable {
        color: var(--muted);
      }
      dl {
        display: grid;
        gap: var(--space-2);
      }
      dt {
        font-weight: 600;
      }
      @media print {
        .scroll {
          max-block-size: none;
        }
      }
    `,
  ];
  declare cells: readonly Cell[];
  /** The square that the tabulator leads to. */
  declare place: GridPlace;
  /** The square whose cells are shown. */
  declare opened: GridPlace | undefined;

  constructor() {
    super();
    this.cells = [];
    this.place = { row: 0, column: 0 };
  }

  override render() {
    const words = matrixWords();
    const rows = squaresOf(this.cells);
    const [first = []] = rows;
    return html`
      <div class="scroll">
        <table role="grid" @keydown=${(event: KeyboardEvent) => this.#key(event, rows)}>
          <caption>${words.grid}</caption>
          <thead>
            <tr>
              <th scope="col">${words.method}</th>
              ${first.map(({ backend }) => html`<th scope="col">${columnWords(backend)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (squares, row) => html`<tr>
                <th scope="row">${squares[0]?.method}</th>
                ${squares.map((square, column) => this.#square(square, { row, column }))}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="small muted">${legend()} ${words.hint}</p>
      ${this.#details(rows)}
      <div class="row"><button class="quiet" @click=${this.#save}>${words.csv}</button></div>
    `;
  }

  #square(square: Square, place: GridPlace) {
    const words = matrixWords();
    const isHere = (at: GridPlace | undefined) =>
      at !== undefined && at.row === place.row && at.column === place.column;
    const label = `${words.of(square.method, columnWords(square.backend))}: ${squareWords(square)}`;
    return html`<td role="gridcell">
      <button tabindex=${isHere(this.place) ? 0 : -1} aria-expanded=${isHere(this.opened)} aria-controls="details" @click=${() => this.#open(place)}>
        <span aria-hidden="true">${square.cells.map(
          ({ verdict, direction }) =>
            html`<span class=${verdict}>${verdict === 'pass' ? words.letters[direction] : MARKS[verdict]}</span>`,
        )}</span>
        <span class="visually-hidden">${label}</span>
      </button>
    </td>`;
  }

  #details(rows: readonly (readonly Square[])[]) {
    const { opened } = this;
    const square = opened && rows[opened.row]?.[opened.column];
    const words = matrixWords();
    return html`<section id="details" aria-live="polite">
      ${
        square
          ? html`<h3>${words.of(square.method, columnWords(square.backend))}</h3>
              <dl>
                ${square.cells.map(
                  (cell) => html`<div>
                    <dt>${words.directions[cell.direction]}: <span class=${cell.verdict}>${words.verdicts[cell.verdict]}</span></dt>
                    <dd class="small">${cell.why ? html`<span lang="en"><code>${cell.why.code}</code> ${cell.why.message}</span>` : shareWords(cell)}</dd>
                  </div>`,
                )}
              </dl>`
          : nothing
      }
    </section>`;
  }

  #open(place: GridPlace): void {
    const { opened } = this;
    this.place = place;
    this.opened = opened?.row === place.row && opened.column === place.column ? undefined : place;
  }

  async #key(event: KeyboardEvent, rows: readonly (readonly Square[])[]): Promise<void> {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = gridPlaceAfter(event.key, this.place, rows.length, rows[0]?.length ?? 0);
    if (!next) return;
    event.preventDefault();
    this.place = next;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('td button[tabindex="0"]')?.focus();
  }

  #save(): void {
    download('gradproof-matrix.csv', toCsv(cellTable(this.cells)), 'text/csv');
  }
}

/** "q quantize, ...; ✕ wrong, ...": what letters and marks stand for. */
function legend(): string {
  const { letters, directions, verdicts } = matrixWords();
  const known = Object.entries(letters).map(
    ([direction, letter]) => `${letter} ${directions[direction as keyof typeof directions]}`,
  );
  const marks = Object.entries(MARKS).map(
    ([verdict, mark]) => `${mark} ${verdicts[verdict as keyof typeof verdicts]}`,
  );
  return `${known.join(', ')}; ${marks.join(', ')}.`;
}

customElements.define('gp-matrix-grid', MatrixGrid);
