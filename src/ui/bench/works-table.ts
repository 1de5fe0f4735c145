import { css, html, LitElement } from 'lit';
import { scrollingTable } from '../controls/scrolling-table.ts';
import { base } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { workWords } from './work-words.ts';

/** What a table tells beside the times of all contenders. */
export interface WorksTableContent {
  readonly caption: string;
  readonly hint: string;
  /** The first is of the works. */
  readonly columns: readonly string[];
  readonly lines: readonly { readonly id: string; readonly cells: readonly string[] }[];
}

/** A table with a work a line. */
export class WorksTable extends LitElement {
  static override properties = { content: { attribute: false } };
  static override styles = [
    base,
    tables,
    scrollingTable,
    css`
      thead th {
        white-space: normal;
      }
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
  declare content: WorksTableContent;

  override render() {
    const { caption, hint, columns, lines } = this.content;
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
        <table>
          <caption>${caption}</caption>
          <thead>
            <tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr>
          </thead>
          <tbody>${lines.map(
            ({ id, cells }) => html`<tr>
              <th scope="row" dir="ltr">${workWords(id)}</th>
              ${cells.map((cell) => html` <td>${cell}</td>`)}
            </tr>`,
          )}</tbody>
        </table>
      </div>
      <p class="small muted">${hint}</p>
    `;
  }
}

customElements.define('gp-works-table', WorksTable);
