import { css, html, LitElement, nothing } from 'lit';
import { base } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { exactNumber } from './case-facts.ts';
import type { GivenInfo, InputSummary } from './case-source.ts';
import { casesWords } from './cases.en.ts';

/**
 * What a case's op is given: sizes, formats and how the numbers are distributed. It can be read
 * without a graphics chip.
 */
export class InputsElement extends LitElement {
  static override properties = { given: { attribute: false }, seed: { type: Number } };
  static override styles = [
    base,
    tables,
    css`
      .bins {
        display: block;
        inline-size: 6rem;
        block-size: 1.5rem;
        fill: var(--series-1);
      }
      p {
        margin-block-start: var(--space-2);
      }
    `,
  ];
  declare given: GivenInfo;
  declare seed: number;

  override render() {
    const { inputs } = casesWords();
    const { op, params } = this.given;
    const told = Object.entries(params).filter(([, value]) => value !== undefined);
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${inputs.title}>
        <table>
          <thead>
            <tr>${inputs.columns.map((column) => html`<th scope="col">${column}</th>`)}</tr>
          </thead>
          <tbody>
            ${this.given.inputs.map((input) => this.#row(input))}
          </tbody>
        </table>
      </div>
      <p class="small muted">
        <code>${op}</code>${told.length > 0 ? html` <code>${told.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ')}</code>` : nothing}
        ${inputs.seed(this.seed)}
      </p>
    `;
  }

  #row({ name, dtype, shape, min, max, mean, zeros, notFinite, bins }: InputSummary) {
    const { inputs } = casesWords();
    const { percent } = unitsWords();
    const range =
      min === undefined || max === undefined
        ? ''
        : min === max
          ? exactNumber(min)
          : `${short(min)} … ${short(max)}`;
    const most = Math.max(1, ...bins);
    const words = [
      ...(zeros > 0 ? [inputs.zeros(percent(zeros))] : []),
      ...(notFinite > 0 ? [inputs.notFinite(percent(notFinite))] : []),
    ];
    return html`<tr>
      <th scope="row" class="mono">${name}</th>
      <td class="mono">${dtype}[${shape.join('×')}]</td>
      <td class="mono">${range}</td>
      <td class="mono">${mean === undefined ? '' : short(mean)}</td>
      <td>
        ${
          min === max
            ? nothing
            : html`<svg class="bins" viewBox="0 0 ${bins.length} 10" preserveAspectRatio="none" role="img" aria-label=${inputs.spread(range)}>
                <path d=${bins.map((count, i) => `M${i} 10V${10 - (10 * count) / most}H${i + 0.9}V10z`).join('')} />
              </svg>`
        }
        ${words.join(', ')}
      </td>
    </tr>`;
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

customElements.define('gp-inputs', InputsElement);
