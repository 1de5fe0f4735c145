import { css, html, LitElement, nothing } from 'lit';
import type { Examination, ExaminedElement } from '../../reference/examination.ts';
import { unitsWords } from '../messages/units.en.ts';
import { casesWords } from './cases.en.ts';
import '../charts/figure.ts';
import { sharesFigure } from '../charts/shares.ts';
import { base } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { exactNumber } from './case-facts.ts';

/**
 * How far off the elements of each judged tensor are, and the first wrong one among its neighbours.
 */
export class ErrorsElement extends LitElement {
  static override properties = { examined: { attribute: false } };
  static override styles = [
    base,
    tables,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-5);
      }
      h5 {
        margin: 0 0 var(--space-2);
        font-size: var(--text-s);
      }
      td {
        text-align: end;
        padding-inline: var(--space-2);
      }
      td small {
        display: block;
        color: var(--muted);
        font-size: 0.75rem;
      }
      .wrong {
        color: var(--bad);
        background: var(--bad-soft);
        font-weight: 600;
      }
      .here {
        outline: 2px solid var(--ink);
        outline-offset: -2px;
      }
    `,
  ];
  declare examined: readonly Examination[];

  override render() {
    const { errors } = casesWords();
    if (this.examined.length === 0) return html`<p class="small muted">${errors.nothing}</p>`;
    return this.examined.map(
      (one) =>
        html`<div>${one.rule === 'within' ? html`<gp-figure .figure=${sharesFigure(one)}></gp-figure>` : this.#equal(one)} ${this.#around(one)}</div>`,
    );
  }

  #equal({ name, compared, wrong }: Examination) {
    const { errors } = casesWords();
    const { number } = unitsWords();
    return html`<h5><span class="mono" lang="en">${name}</span></h5>
      <p class="small">${wrong === 0 ? errors.allEqual(number(compared)) : errors.someWrong(number(wrong), number(compared))}</p>`;
  }

  /** The neighbourhood matters where something is wrong. */
  #around({ name, around, at, wrong, rule }: Examination) {
    const { errors } = casesWords();
    if (around.length === 0 || wrong === 0) return nothing;
    const [first] = around;
    const last = at.length - 1;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${errors.neighbours(name)}>
      <table>
        <caption class="small muted">${errors.neighbours(`${name}[${at.join(', ')}]`)}</caption>
        <thead>
          <tr>
            <td></td>
            ${first?.map(({ index }) => html`<th scope="col" class="mono">${index[last] ?? ''}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${around.map(
            (row) => html`<tr>
              <th scope="row" class="mono">${row[0]?.index.slice(0, -1).join(', ') ?? ''}</th>
              ${row.map((element) => this.#cell(element, element.index.join() === at.join(), rule))}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #cell(
    { actual, expected, bound, wrong }: ExaminedElement,
    here: boolean,
    rule: Examination['rule'],
  ) {
    const { errors } = casesWords();
    const tolerance =
      rule === 'within' && bound !== null ? ` ± ${Number(bound.toPrecision(2))}` : '';
    return html`<td class="mono ${wrong ? 'wrong' : ''} ${here ? 'here' : ''}">
      ${exactNumber(actual)}${wrong ? html`<span class="visually-hidden"> ${errors.isWrong}</span>` : nothing}
      <small>${exactNumber(expected)}${tolerance}</small>
    </td>`;
  }
}

customElements.define('gp-errors', ErrorsElement);
