import { css, html, LitElement, nothing } from 'lit';
import { toCsv } from '../../report/table.ts';
import { SHEET_COLUMNS, type SheetKey, sheetTable, splitWords } from '../../sheet/columns.ts';
import type { Setup } from '../../sheet/setup.ts';
import type { SheetRow } from '../../sheet/sheet.ts';
import { download } from '../controls/download.ts';
import { type Sorting, sortable, sortedBy, sortHead } from '../controls/sortable.ts';
import { base, controls } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { sheetWords } from './sheet.en.ts';

/** Columns that a row shows; the two ends of a time are one of them. */
const SHOWN = [
  ...([
    'model',
    'parameters',
    'weights',
    'adapters',
    'optimizer',
    'checkpointed',
    'whole',
  ] as const),
  ...(['total', 'room', 'splits', 'fastest'] as const),
];
const COUNT: Intl.NumberFormatOptions = { notation: 'compact', maximumSignificantDigits: 3 };
type Shown = (typeof SHOWN)[number];

/**
 * What each model takes, a model a line; a press on a heading sorts by it. Fires `sort` with the
 * column and its direction.
 */
export class SheetTable extends LitElement {
  static override properties = {
    rows: { attribute: false },
    setup: { attribute: false },
    sort: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    tables,
    sortable,
    css`
      .scroll {
        max-block-size: 44rem;
      }
      tbody th .small {
        display: block;
        font-weight: 400;
      }
      td.splits {
        white-space: normal;
        min-inline-size: 12rem;
      }
      .splits span {
        white-space: nowrap;
      }
      .fits {
        color: var(--good);
        font-weight: 600;
      }
      .tight {
        color: var(--warn);
        font-weight: 600;
      }
      .too-large {
        color: var(--bad);
        font-weight: 600;
      }
      .unused {
        color: var(--muted);
      }
      button.quiet {
        margin-block-start: var(--space-3);
      }
    `,
  ];
  /** In their usual order. */
  declare rows: readonly SheetRow[];
  declare setup: Setup;
  /** By what a person sorts; undefined for the usual order. */
  declare sort: Sorting<SheetKey> | undefined;

  override render() {
    const { caption, csv } = sheetWords();
    const shown = this.#shown;
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
        <table>
          <caption>${caption}</caption>
          <thead>
            <tr>${shown.map((key) => sortHead<SheetKey>(this.#label(key), key, this.sort, (sort) => this.#choose(sort)))}</tr>
          </thead>
          <tbody>${this.#sorted.map((row) => this.#row(row, shown))}</tbody>
        </table>
      </div>
      <button class="quiet" @click=${this.#save}>${csv}</button>
    `;
  }

  /** There is no column of times where nothing was measured. */
  get #shown(): readonly Shown[] {
    const isTimed = this.rows.some(({ seconds }) => seconds);
    return SHOWN.filter((key) => key !== 'fastest' || isTimed);
  }

  get #sorted(): readonly SheetRow[] {
    const { rows, sort } = this;
    return sort ? sortedBy(rows, SHEET_COLUMNS[sort.key], sort.descending) : rows;
  }

  #label(key: Shown): string {
    const { columns, time } = sheetWords();
    return key === 'fastest' ? time(this.setup.examples) : columns[key];
  }

  #row(row: SheetRow, shown: readonly Shown[]) {
    const { own, madeFor } = sheetWords();
    const isLong = this.setup.context > row.context;
    return html`<tr>
      <th scope="row">${row.name ?? own}${isLong ? html` <span class="small muted">${madeFor(row.context)}</span>` : nothing}</th>
      ${
        row.refusal === undefined
          ? shown.slice(1).map((key) => this.#cell(row, key))
          : html`${this.#cell(row, 'parameters')}<td class="why" colspan=${shown.length - 2} lang="en">${row.refusal}</td>`
      }
    </tr>`;
  }

  #cell(row: SheetRow, key: Shown) {
    const { rooms } = sheetWords();
    const units = unitsWords();
    const { room, seconds } = row;
    if (key === 'parameters') return html`<td>${units.number(row.parameters, COUNT)}</td>`;
    if (key === 'room')
      return html`<td>${room && html`<span class=${room}>${rooms[room]}</span>`}</td>`;
    if (key === 'fastest')
      return html`<td>${seconds && units.span(1000 * seconds[0], 1000 * seconds[1])}</td>`;
    if (key === 'splits')
      return html`<td class="splits">${row.splits?.map((split) => html`<span>${splitWords([split])}</span> `)}</td>`;
    const told = SHEET_COLUMNS[key](row);
    const other = this.setup.checkpointing ? 'whole' : 'checkpointed';
    return html`<td class=${key === other ? 'unused' : ''}>${typeof told === 'number' ? units.bytes(told) : told}</td>`;
  }

  #choose(detail: Sorting<SheetKey>): void {
    this.dispatchEvent(new CustomEvent('sort', { detail }));
  }

  #save(): void {
    const { own, columns } = sheetWords();
    const table = sheetTable(this.#sorted, own, (key) => columns[key]);
    download('gradproof-models.csv', toCsv(table), 'text/csv');
  }
}

customElements.define('gp-sheet-table', SheetTable);
