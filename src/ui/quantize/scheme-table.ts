import { css, html, LitElement, nothing } from 'lit';
import type { SchemeTotal } from '../../quantizer/choosing/totals.ts';
import { type Cell, toCsv } from '../charts/table.ts';
import { download } from '../controls/download.ts';
import { icon } from '../controls/icons.ts';
import { base, controls } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { quantizingWords } from './quantizing.en.ts';
import {
  COLUMNS,
  refusalWords,
  type SchemeColumn,
  schemeTable,
  sortedBy,
} from './scheme-columns.ts';

/** What each scheme costs, a scheme a line; a press on a heading sorts by it. */
export class SchemeTable extends LitElement {
  static override properties = {
    totals: { attribute: false },
    sort: { state: true },
  };
  static override styles = [
    base,
    controls,
    tables,
    css`
      .scroll {
        max-block-size: 40rem;
        overflow: auto;
      }
      caption {
        text-align: start;
        font-size: var(--text-m);
        font-weight: 650;
        padding-block-end: var(--space-2);
      }
      table {
        inline-size: 100%;
        border-collapse: separate;
        border-spacing: 0;
      }
      th:not(:first-child),
      td {
        text-align: end;
        padding-inline: var(--space-2);
      }
      td.why {
        text-align: start;
        white-space: normal;
        min-inline-size: 16rem;
        color: var(--muted);
      }
      thead th {
        position: sticky;
        inset-block-start: 0;
        z-index: 1;
        background: var(--surface);
        vertical-align: bottom;
      }
      :is(thead th, tbody th):first-child {
        position: sticky;
        inset-inline-start: 0;
        background: var(--surface);
      }
      thead th:first-child {
        z-index: 2;
      }
      thead button {
        min-height: 2rem;
        padding: 0 var(--space-1);
        border-color: transparent;
        background: none;
        color: inherit;
        font-size: var(--text-s);
        font-weight: 400;
        text-align: end;
        white-space: normal;
        overflow-wrap: normal;
        gap: var(--space-1);
      }
      /* Words stand where those of their column do. */
      thead button {
        margin-inline: calc(-1 * var(--space-1) - 1px);
      }
      th[aria-sort] button {
        color: var(--ink);
        font-weight: 600;
      }
      .mark {
        display: inline-block;
        inline-size: 1.25em;
        color: var(--good);
      }
      .mark svg {
        vertical-align: -0.15em;
      }
      p,
      button.quiet {
        margin-block-start: var(--space-3);
      }
      @media print {
        .scroll {
          max-block-size: none;
        }
      }
    `,
  ];
  /** In their usual order. */
  declare totals: readonly SchemeTotal[];
  /** By what a person sorts; undefined for the usual order. */
  declare sort: { readonly key: SchemeColumn['key']; readonly descending: boolean } | undefined;

  override render() {
    const { table, csv } = quantizingWords();
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${table.caption}>
        <table>
          <caption>${table.caption}</caption>
          <thead>
            <tr>${COLUMNS.map((column) => this.#head(column))}</tr>
          </thead>
          <tbody>${this.#sorted.map((total) => row(total))}</tbody>
        </table>
      </div>
      <p class="small muted">${mark()} ${table.front}: ${table.frontHint} ${table.hint}</p>
      <button class="quiet" @click=${this.#save}>${csv}</button>
    `;
  }

  #head({ key }: SchemeColumn) {
    const { sort } = this;
    const isSorted = sort?.key === key;
    const direction = isSorted ? (sort.descending ? 'descending' : 'ascending') : nothing;
    const arrow = isSorted
      ? html`<span aria-hidden="true">${sort.descending ? '↓' : '↑'}</span>`
      : nothing;
    return html`<th scope="col" aria-sort=${direction}>
      <button @click=${() => this.#sortBy(key)}>${quantizingWords().table[key]}${arrow}</button>
    </th>`;
  }

  get #sorted(): readonly SchemeTotal[] {
    const { sort } = this;
    const column = COLUMNS.find(({ key }) => key === sort?.key);
    return sort && column ? sortedBy(this.totals, column, sort.descending) : this.totals;
  }

  #sortBy(key: SchemeColumn['key']): void {
    this.sort = { key, descending: this.sort?.key === key && !this.sort.descending };
  }

  #save(): void {
    download('gradproof-quantizers.csv', toCsv(schemeTable(this.#sorted)), 'text/csv');
  }
}

const mark = () => html`<span class="mark" aria-hidden="true">${icon('good')}</span>`;

function row(total: SchemeTotal) {
  const { table } = quantizingWords();
  const [, bits, group, ...figures] = COLUMNS;
  const why = refusalWords(total);
  const cell = (column: SchemeColumn | undefined) =>
    column ? html`<td>${told(column.of(total), column)}</td>` : nothing;
  const method = html`<th scope="row">
    ${total.isOnFront ? html`${mark()}<span class="visually-hidden">${table.front}: </span>` : html`<span class="mark"></span>`}${total.scheme.method}
  </th>`;
  if (total.done === 0)
    return html`<tr>${method}${cell(bits)}${cell(group)}<td class="why" colspan=${figures.length} lang="en">${why}</td></tr>`;
  return html`<tr title=${why ?? nothing}>${method}${cell(bits)}${cell(group)}${figures.map(cell)}</tr>
    ${why === undefined ? nothing : html`<tr><td></td><td class="why" colspan=${COLUMNS.length - 1} lang="en">${why}</td></tr>`}`;
}

function told(cell: Cell, { format }: SchemeColumn): string {
  if (typeof cell === 'number') return unitsWords().number(cell, format);
  return cell ?? '';
}

customElements.define('gp-scheme-table', SchemeTable);
