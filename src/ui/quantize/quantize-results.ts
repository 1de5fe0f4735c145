import { css, html, LitElement, nothing } from 'lit';
import { hasCosts } from '../../quantizer/choosing/measured.ts';
import { schemeTotals } from '../../quantizer/choosing/totals.ts';
import type { Report } from '../../report/schema.ts';
import { drawable } from '../../report/scheme-plot.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { saveReport } from '../reports/report-files.ts';
import { quantizingWords } from './quantizing.en.ts';
import type { QuantizingSession } from './quantizing-session.ts';
import type { QuantizingState } from './quantizing-state.ts';
import { schemeFigure } from './scheme-figure.ts';
import '../charts/figure.ts';
import '../reports/provenance.ts';
import './save-weights.ts';
import './scheme-table.ts';

/** What was measured so far: a table and a plot of all layers together, or of one. */
export class QuantizeResults extends LitElement {
  static override properties = {
    quantizing: { attribute: false },
    state: { attribute: false },
    disabled: { type: Boolean },
    layer: { state: true },
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
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2);
      }
      select {
        max-inline-size: 100%;
      }
    `,
  ];
  declare quantizing: QuantizingSession;
  declare state: QuantizingState;
  /** Whether something else computes. */
  declare disabled: boolean;
  /** The layer that is shown alone; undefined for all. */
  declare layer: string | undefined;

  override render() {
    const words = quantizingWords();
    const { measured, report } = this.state;
    if (measured.length === 0) return report ? html`<p>${words.nothing}</p>` : nothing;
    const layers = [...new Set(measured.map(({ layer }) => layer))];
    const shown = layers.find((layer) => layer === this.layer);
    const those = shown === undefined ? measured : measured.filter(({ layer }) => layer === shown);
    const totals = schemeTotals(those);
    const drawn = drawable(totals);
    return html`<section aria-labelledby="results">
      <h2 id="results">${words.results}</h2>
      ${report ? this.#head(report) : nothing}
      ${layers.length > 1 ? this.#layers(layers, shown) : nothing}
      ${shown === undefined ? this.#leftOut(layers) : nothing}
      <div class="panel"><gp-scheme-table .totals=${totals}></gp-scheme-table></div>
      ${report && measured.some(hasCosts) ? html`<div class="panel"><gp-save-weights .quantizing=${this.quantizing} .state=${this.state} .totals=${shown === undefined ? totals : schemeTotals(measured)} .disabled=${this.disabled}></gp-save-weights></div>` : nothing}
      ${drawn.length > 0 ? html`<div class="panel"><gp-figure .figure=${schemeFigure(drawn)}></gp-figure></div>` : nothing}
    </section>`;
  }

  #head(report: Report) {
    const words = quantizingWords();
    const { environments, run, tool, results } = report;
    const broken = results.find(({ error }) => error)?.error;
    return html`
      ${run.complete ? nothing : html`<p class="tone warn">${words.incomplete} ${broken ? html`<span lang="en">${broken.message}</span>` : nothing}</p>`}
      <gp-provenance .environments=${environments} .startedAt=${new Date(run.startedAt)} .tool=${tool}></gp-provenance>
      <div class="row"><button class="quiet" @click=${() => saveReport(report, 'json')}>${words.save}</button></div>
    `;
  }

  #layers(layers: readonly string[], shown: string | undefined) {
    const words = quantizingWords();
    const choose = (event: Event) => {
      const { selectedIndex } = event.target as HTMLSelectElement;
      this.layer = layers[selectedIndex - 1];
    };
    return html`<label>
      ${words.show}
      <select @change=${choose}>
        <option ?selected=${shown === undefined}>${words.all(layers.length)}</option>
        ${layers.map((layer) => html`<option ?selected=${layer === shown}>${layer}</option>`)}
      </select>
    </label>`;
  }

  /** Layers that no method takes; while it goes on that is not known yet. */
  #leftOut(layers: readonly string[]) {
    const { measured, report } = this.state;
    if (!report) return nothing;
    const done = new Set(measured.filter(hasCosts).map(({ layer }) => layer));
    const rest = layers.filter((layer) => !done.has(layer));
    return rest.length === 0 || done.size === 0
      ? nothing
      : html`<p class="tone warn">${quantizingWords().leftOut(rest)}</p>`;
  }
}

customElements.define('gp-quantize-results', QuantizeResults);
