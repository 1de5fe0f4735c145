import { css, html, LitElement, nothing } from 'lit';
import type { SchemeTotal } from '../../quantizer/choosing/totals.ts';
import { type Cell, toCsv } from '../../report/table.ts';
import { download } from '../controls/download.ts';
import { icon } from '../controls/icons.ts';
import { type Sorting, sortable, sortedBy, sortHead } from '../controls/sortable.ts';
import { base, controls } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { quantizingWords } from './quantizing.en.ts';
import { COLUMNS, refusalWords, type SchemeColumn, schemeTable } from './scheme-columns.ts';

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
    sortable,
    css`
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
    `,
  ];
  /** In their usual order. */
  declare totals: readonly SchemeTotal[];
  /** By what a person sorts; undefined for the usual order. */
  declare sort: Sorting<SchemeColumn['key']> | undefined;

  override render() {
    const { table, csv } = quantizingWords();
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${table.caption}>
        <table>
          <caption>${table.caption}</caption>
          <thead>
            <tr>${COLUMNS.map(({ key }) =>
              sortHead(table[key], key, this.sort, (sort) => {
                this.sort = sort;
              }),
            )}</tr>
          </thead>
          <tbody>${this.#sorted.map((total) => row(total))}</tbody>
        </table>
      </div>
      <p class="small muted">${mark()} ${table.front}: ${table.frontHint} ${table.hint}</p>
      <button class="quiet" @click=${this.#save}>${csv}</button>
    `;
  }

  get #sorted(): readonly SchemeTotal[] {
    const { sort } = this;
    const column = COLUMNS.find(({ key }) => key === sort?.key);
    return sort && column ? sortedBy(this.totals, column.of, sort.descending) : this.totals;
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
