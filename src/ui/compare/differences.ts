import { css, html, LitElement } from 'lit';
import type { Difference, DifferenceKind } from '../../report/compare/differences.ts';
import { base } from '../controls/styles.ts';
import { sideBySide } from '../controls/tables.ts';
import { compareWords } from './compare.en.ts';

/** What is not the same around the cases of two results: settings, build, adapter. */
export class DifferencesElement extends LitElement {
  static override properties = { differences: { attribute: false } };
  static override styles = [
    base,
    sideBySide,
    css`
      h2 {
        font-size: var(--text-l);
        margin-block-end: var(--space-3);
      }
      th,
      td {
        min-width: 7rem;
      }
      th {
        overflow-wrap: normal;
      }
    `,
  ];
  declare differences: readonly Difference[];

  override render() {
    const { around, aroundColumns, differences: names, none } = compareWords();
    const empty: Readonly<Partial<Record<DifferenceKind, string>>> = compareWords().unset;
    return html`
      <h2 id="around">${around}</h2>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="around">
        <table>
          <thead>
            <tr>
              <td></td>
              ${aroundColumns.map((name) => html`<th scope="col">${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${this.differences.map(
              ({ what, before, after }) => html`<tr>
                <th scope="row">${names[what]}</th>
                <td>${before || empty[what] || none}</td>
                <td>${after || empty[what] || none}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
  }
}

customElements.define('gp-differences', DifferencesElement);
