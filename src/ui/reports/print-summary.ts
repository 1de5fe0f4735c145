import { css, html, LitElement, nothing } from 'lit';
import { groupBy } from '../../report/group.ts';
import { reasonWords } from '../../report/reason.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import { countVerdicts, verdictOf } from '../../report/verdict.ts';
import { Paper } from '../controls/paper.ts';
import { base } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { printWords } from './print.en.ts';
import './provenance.ts';

/** Wrong results that paper has room for; a saved report has all. */
const MOST_LISTED = 100;

/**
 * What paper shows of a run below its answer: counts by suite, what is not right, where and when. A
 * screen has the details for that.
 */
export class PrintSummary extends LitElement {
  static override properties = { report: { attribute: false } };
  static override styles = [
    base,
    tables,
    css`
      section {
        margin-block-start: var(--space-5);
      }
      h2 {
        font-size: var(--text-l);
        margin-block-end: var(--space-2);
        break-after: avoid;
      }
      :is(th, td):not(:first-child) {
        text-align: end;
      }
      li {
        font-size: var(--text-s);
        margin-block-end: var(--space-2);
        break-inside: avoid;
        overflow-wrap: anywhere;
      }
    `,
  ];
  declare report: Report;
  readonly #paper = new Paper(this);

  override render() {
    if (!this.#paper.printing) return nothing;
    const { where } = printWords();
    const { environments, run, tool, results } = this.report;
    return html`${suites(results)} ${problems(results.filter((result) => verdictOf(result) === 'wrong'))}
      <section>
        <h2>${where}</h2>
        <gp-provenance .environments=${environments} .startedAt=${new Date(run.startedAt)} .tool=${tool}></gp-provenance>
      </section>`;
  }
}

function suites(results: readonly CaseResult[]) {
  const print = printWords();
  const units = unitsWords();
  const areas = groupBy(results, ({ suite }) => suite.split('.').slice(0, 2).join('.'));
  return html`<section>
    <h2>${print.suites}</h2>
    <table>
      <thead>
        <tr>${print.columns.map((column) => html`<th scope="col">${column}</th>`)}</tr>
      </thead>
      <tbody>
        ${[...areas].map(([area, inArea]) => {
          const { right, wrong, skipped } = countVerdicts(inArea);
          return html`<tr>
            <th scope="row" class="mono" lang="en">${area}</th>
            ${[inArea.length, right, wrong, skipped].map((count) => html`<td>${units.number(count)}</td>`)}
          </tr>`;
        })}
      </tbody>
    </table>
  </section>`;
}

function problems(wrong: readonly CaseResult[]) {
  if (wrong.length === 0) return nothing;
  const words = printWords();
  const rest = wrong.length - MOST_LISTED;
  return html`<section>
    <h2>${words.wrong}</h2>
    <ul>
      ${wrong.slice(0, MOST_LISTED).map((result) => html`<li lang="en"><code>${result.id}</code><br />${reasonWords(result)}</li>`)}
    </ul>
    ${rest > 0 ? html`<p>${words.more(rest)}</p>` : nothing}
  </section>`;
}

customElements.define('gp-print-summary', PrintSummary);
