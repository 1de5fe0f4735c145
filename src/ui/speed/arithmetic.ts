import { css, html, LitElement, nothing } from 'lit';
import { probeFacts } from '../../report/probe-facts.ts';
import type { Environment } from '../../report/schema.ts';
import { base } from '../controls/styles.ts';
import { arithmeticWords } from './arithmetic.en.ts';

/**
 * How a chip computes, as the probe found it, and what each thing means for the verdicts: a table.
 */
export class ArithmeticElement extends LitElement {
  static override properties = { probe: { attribute: false } };
  static override styles = [
    base,
    css`
      summary {
        font-weight: 650;
        color: var(--muted);
      }
      table {
        margin-block-start: var(--space-3);
        border-collapse: collapse;
        width: 100%;
      }
      caption {
        text-align: start;
        color: var(--muted);
        font-size: var(--text-s);
        padding-block-end: var(--space-2);
      }
      th,
      td {
        text-align: start;
        vertical-align: top;
        padding: var(--space-2) var(--space-3) var(--space-2) 0;
        border-block-start: 1px solid var(--line);
      }
      tbody th {
        font-weight: 600;
      }
      @media (max-width: 40rem) {
        /*
         * One fact under the other; the roles in the template keep this a table for screen readers.
         */
        thead {
          display: none;
        }
        tr,
        tbody th,
        td {
          display: block;
        }
        tr {
          border-block-start: 1px solid var(--line);
          padding-block: var(--space-2);
        }
        th,
        td {
          border: 0;
          padding: 0;
        }
      }
    `,
  ];
  declare probe: Environment['probe'] | undefined;

  override render() {
    const facts = this.probe ? probeFacts(this.probe, arithmeticWords().words) : [];
    if (facts.length === 0) return nothing;
    const words = arithmeticWords();
    return html`<details>
      <summary>${words.title}</summary>
      <table role="table">
        <caption>
          ${words.caption}
        </caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">${words.what}</th>
            <th role="columnheader" scope="col">${words.here}</th>
            <th role="columnheader" scope="col">${words.means}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${facts.map(
            (fact) => html`<tr role="row">
              <th role="rowheader" scope="row">${fact.name}</th>
              <td role="cell">${fact.found}</td>
              <td role="cell">${fact.means}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
  }
}

customElements.define('gp-arithmetic', ArithmeticElement);
