import { css, html, LitElement } from 'lit';
import { badChoices, othersWords, type VariantRow } from '../../bench/variant-rows.ts';
import { scrollingTable } from '../controls/scrolling-table.ts';
import { base } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import { workWords } from './work-words.ts';

/** Our variants beside each other, a work a line. */
export class BenchVariants extends LitElement {
  static override properties = { rows: { attribute: false } };
  static override styles = [
    base,
    tables,
    scrollingTable,
    css`
      tbody th[scope='row'] {
        font: 0.8125rem var(--mono);
        white-space: normal;
        min-inline-size: clamp(9rem, 24vw, 22rem);
      }
      p {
        margin-block-start: var(--space-2);
      }
    `,
  ];
  declare rows: readonly VariantRow[];

  override render() {
    const { caption, columns, hint } = benchWords().variantTable;
    const bad = badChoices(this.rows).length;
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
        <table>
          <caption>${caption}</caption>
          <thead>
            <tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr>
          </thead>
          <tbody>${this.rows.map(line)}</tbody>
        </table>
      </div>
      <p class="small muted">${hint(bad, this.rows.length)}</p>
    `;
  }
}

function line(row: VariantRow) {
  const number = (x: number) => unitsWords().number(x, { maximumSignificantDigits: 3 });
  return html`<tr>
    <th scope="row" dir="ltr">${workWords(row.id)}</th>
    <td>${number(row.chosenMs)}</td>
    <td>${othersWords(row, number)}</td>
    <td>${number(row.ofFastest)}</td>
  </tr>`;
}

customElements.define('gp-bench-variants', BenchVariants);
