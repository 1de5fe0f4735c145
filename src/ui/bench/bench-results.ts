import { css, html, LitElement, nothing } from 'lit';
import type { CaseResult, Report } from '../../report/schema.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { saveReport } from '../reports/report-files.ts';
import { benchWords } from './bench.en.ts';
import { contenderWords, workName } from './contenders.ts';
import type { KnownWorks } from './known-works.ts';
import '../reports/provenance.ts';
import './bench-table.ts';

/** What a bench found, while it goes on and after it. */
export class BenchResults extends LitElement {
  static override properties = {
    results: { attribute: false },
    report: { attribute: false },
    file: { attribute: false },
    works: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      section {
        display: grid;
        gap: var(--space-4);
        grid-template-columns: minmax(0, 1fr);
      }
      li {
        padding-block: var(--space-1);
        font-size: var(--text-s);
      }
    `,
  ];
  declare results: readonly CaseResult[];
  /** Undefined while the bench goes on. */
  declare report: Report | undefined;
  declare file: string | undefined;
  declare works: KnownWorks;

  override render() {
    const words = benchWords();
    const { report } = this;
    if (this.results.length === 0) return report ? html`<p>${words.nothing}</p>` : nothing;
    const rows = this.works.benchRows({ results: [...this.results] });
    return html`<section aria-labelledby="results">
      <h2 id="results">${words.results}</h2>
      ${report ? this.#head(report) : nothing}
      <div class="panel"><gp-bench-table .rows=${rows} .means=${this.works.groupMeans(rows)}></gp-bench-table></div>
      ${this.#failures()}
    </section>`;
  }

  #head(report: Report) {
    const words = benchWords();
    const { environments, run, tool } = report;
    return html`
      ${environments.some(({ adapter }) => adapter.isFallback) ? html`<p class="tone warn">${words.processor}</p>` : nothing}
      ${run.complete ? nothing : html`<p class="tone warn">${words.incomplete}</p>`}
      ${this.file === undefined ? nothing : html`<p>${words.fromFile(this.file)}</p>`}
      <gp-provenance .environments=${environments} .startedAt=${new Date(run.startedAt)} .tool=${tool}></gp-provenance>
      <div class="row">
        <button class="quiet" @click=${() => saveReport(report, 'json')}>${words.save}</button>
        ${this.file === undefined ? html`<button class="quiet" @click=${() => this.#compare(report)}>${words.compare}</button>` : nothing}
      </div>
    `;
  }

  #compare({ run }: Report): void {
    this.dispatchEvent(
      new CustomEvent('comparerun', { detail: run.id, bubbles: true, composed: true }),
    );
  }

  #failures() {
    const failed = this.results.filter(({ error }) => error);
    if (failed.length === 0) return nothing;
    return html`<details>
      <summary>${benchWords().failures}</summary>
      <ul>
        ${failed.map(
          ({ id, backend, error }) =>
            html`<li><code>${workName(id)}</code>, ${contenderWords(backend)}: <span lang="en">${error?.message}</span></li>`,
        )}
      </ul>
    </details>`;
  }
}

customElements.define('gp-bench-results', BenchResults);
