import { css, html, LitElement } from 'lit';
import type { StepCost } from '../../bench/step-costs.ts';
import { scrollingTable } from '../controls/scrolling-table.ts';
import { base } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import { workWords } from './work-words.ts';

/** What training steps cost on the host and in memory, a step a line. */
export class BenchStepCosts extends LitElement {
  static override properties = { rows: { attribute: false } };
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
  declare rows: readonly StepCost[];

  override render() {
    const { caption, columns, hint } = benchWords().stepCosts;
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
      <p class="small muted">${hint}</p>
    `;
  }
}

function line({ id, eager, captured, peakBytes, activationBytes, activationsOfFloats }: StepCost) {
  const { number, bytes } = unitsWords();
  const figures = [eager.ms, eager.usPerCommand, captured.ms, captured.usPerCommand];
  const told = (x: number | undefined, words: (x: number) => string) =>
    x === undefined ? '–' : words(x);
  const cells = [
    ...figures.map((x) => told(x, (ms) => number(ms, { maximumSignificantDigits: 3 }))),
    ...[peakBytes, activationBytes].map((x) => told(x, bytes)),
    told(activationsOfFloats, (share) => number(share, { maximumFractionDigits: 2 })),
  ];
  return html`<tr>
    <th scope="row" dir="ltr">${workWords(id)}</th>
    ${cells.map((cell) => html`<td>${cell}</td>`)}
  </tr>`;
}

customElements.define('gp-bench-step-costs', BenchStepCosts);
