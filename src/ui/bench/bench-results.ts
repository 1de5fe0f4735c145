import { css, html, LitElement, nothing } from 'lit';
import { growthSeries } from '../../bench/growth.ts';
import { ratiosOf } from '../../bench/ratios.ts';
import { rooflineOf } from '../../bench/roofline.ts';
import { stepCosts } from '../../bench/step-costs.ts';
import type { BenchRow } from '../../bench/summary.ts';
import { variantRows } from '../../bench/variant-rows.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import type { Figure } from '../charts/figure.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { saveReport } from '../reports/report-files.ts';
import { benchWords } from './bench.en.ts';
import { stepCostsContent } from './bench-step-costs.ts';
import { variantsContent } from './bench-variants.ts';
import { growthFigure } from './growth-figure.ts';
import type { KnownWorks } from './known-works.ts';
import { leftOutList } from './left-out-list.ts';
import { ratioFigure } from './ratio-figure.ts';
import { rooflineFigure } from './roofline-figure.ts';
import '../charts/figure.ts';
import '../reports/provenance.ts';
import './bench-table.ts';
import './works-table.ts';

/** What a bench found, while it goes on and after it. */
export class BenchResults extends LitElement {
  static override properties = {
    results: { attribute: false },
    report: { attribute: false },
    file: { attribute: false },
    works: { attribute: false },
    group: { state: true },
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
      label {
        display: inline-flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2);
      }
      .plots {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
        gap: var(--space-4);
      }
      li {
        padding-block: var(--space-1);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }
      li details:not([open]) {
        display: inline-block;
        margin-inline-start: var(--space-2);
      }
    `,
  ];
  declare results: readonly CaseResult[];
  /** Undefined while the bench goes on. */
  declare report: Report | undefined;
  /** The file that the report is of; undefined for one of this page. */
  declare file: File | undefined;
  declare works: KnownWorks;
  /** The group that is shown alone; undefined for all. */
  declare group: BenchRow['group'] | undefined;
  /** Drawn once, and not at every step of the bench. */
  readonly #figures = new Remembered(figuresOf);

  override render() {
    const words = benchWords();
    const { report } = this;
    if (this.results.length === 0) return report ? html`<p>${words.nothing}</p>` : nothing;
    const all = this.works.benchRows({ results: [...this.results] });
    const groups = [...new Set(all.map(({ group }) => group))];
    const shown = groups.find((group) => group === this.group);
    const rows = shown ? all.filter(({ group }) => group === shown) : all;
    const ceilings = rows.filter(({ group }) => group === 'ceilings');
    const works = rows.filter(({ group }) => group !== 'ceilings');
    const costs = stepCosts(works);
    const variants = variantRows(rows.flatMap(({ results }) => results.get('webgpu') ?? []));
    return html`<section aria-labelledby="results">
      <h2 id="results">${words.results}</h2>
      ${report ? this.#head(report) : nothing}
      ${groups.length > 1 ? this.#groups(groups, shown) : nothing}
      ${works.length === 0 ? nothing : this.#table(works)}
      ${variants.length === 0 ? nothing : html`<div class="panel"><gp-works-table .content=${variantsContent(variants)}></gp-works-table></div>`}
      ${costs.length === 0 ? nothing : html`<div class="panel"><gp-works-table .content=${stepCostsContent(costs)}></gp-works-table></div>`}
      ${ceilings.length === 0 ? nothing : works.length === 0 ? this.#table(ceilings) : html`<details><summary>${words.ceilings}</summary>${this.#table(ceilings)}</details>`}
      ${this.#leftOut(rows)}
      ${report ? this.#pictures(this.#figures.of(this.works, report, shown)) : nothing}
    </section>`;
  }

  #head(report: Report) {
    const words = benchWords();
    const { environments, run, tool } = report;
    return html`
      ${environments.some(({ adapter }) => adapter.isFallback) ? html`<p class="tone warn">${words.processor}</p>` : nothing}
      ${run.complete ? nothing : html`<p class="tone warn">${words.incomplete}</p>`}
      ${this.file === undefined ? nothing : html`<p>${words.fromFile(this.file.name)}</p>`}
      <gp-provenance .environments=${environments} .startedAt=${new Date(run.startedAt)} .tool=${tool}></gp-provenance>
      <div class="row">
        <button class="quiet" @click=${() => saveReport(report, 'json')}>${words.save}</button>
        <button class="quiet" @click=${() => this.#compare(report)}>${words.compare}</button>
      </div>
    `;
  }

  #table(rows: readonly BenchRow[]) {
    return html`<div class="panel"><gp-bench-table .rows=${rows} .means=${this.works.groupMeans(rows)}></gp-bench-table></div>`;
  }

  #groups(groups: readonly BenchRow['group'][], shown: BenchRow['group'] | undefined) {
    const words = benchWords();
    const choose = (event: Event) => {
      const { value } = event.target as HTMLSelectElement;
      this.group = groups.find((group) => group === value);
    };
    return html`<label>
      ${words.group}
      <select @change=${choose}>
        <option value="" ?selected=${shown === undefined}>${words.all}</option>
        ${groups.map((group) => html`<option value=${group} ?selected=${group === shown}>${words.groups[group]}</option>`)}
      </select>
    </label>`;
  }

  #pictures({ wide, growth }: Figures) {
    const panel = (figure: Figure) =>
      html`<div class="panel"><gp-figure .figure=${figure}></gp-figure></div>`;
    return html`${wide.map(panel)} ${growth.length === 0 ? nothing : html`<h3>${benchWords().growth.title}</h3><div class="plots">${growth.map(panel)}</div>`}`;
  }

  #compare({ run }: Report): void {
    const across = { bubbles: true, composed: true };
    this.dispatchEvent(
      this.file
        ? new CustomEvent('comparefile', { detail: this.file, ...across })
        : new CustomEvent('comparerun', { detail: run.id, ...across }),
    );
  }

  #leftOut(rows: readonly BenchRow[]) {
    const list = leftOutList(rows.flatMap(({ results }) => [...results.values()]));
    if (list.length === 0) return nothing;
    return html`<details class="left-out">
      <summary>${benchWords().leftOut}</summary>
      <ul>${list}</ul>
    </details>`;
  }
}

/** The pictures of a bench. */
interface Figures {
  readonly wide: readonly Figure[];
  readonly growth: readonly Figure[];
}

/** The pictures of what a report has of a group, or of all. */
function figuresOf(
  { benchRows, works }: KnownWorks,
  report: Report,
  shown: BenchRow['group'] | undefined,
): Figures {
  const rows = benchRows(report).filter(({ group }) => shown === undefined || group === shown);
  const ids = new Set(rows.map(({ id }) => id));
  const ratios = ratiosOf(rows);
  // Ceilings hold for every group.
  const roofline = rooflineOf(report.results);
  const points = roofline?.points.filter(({ id }) => ids.has(id)) ?? [];
  const series = growthSeries(works, report.results).filter(({ curves }) =>
    curves.some(
      ({ exponent, points: sizes }) =>
        exponent !== undefined && sizes.some(({ result }) => ids.has(result.id)),
    ),
  );
  return {
    wide: [
      ...(ratios.length > 0 ? [ratioFigure(ratios)] : []),
      ...(roofline && points.length > 0 ? [rooflineFigure({ ...roofline, points })] : []),
    ],
    growth: series.map(growthFigure),
  };
}

customElements.define('gp-bench-results', BenchResults);
