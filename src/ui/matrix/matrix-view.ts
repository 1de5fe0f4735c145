import { css, html, LitElement, nothing } from 'lit';
import type { BenchServer } from '../bench/bench-session.ts';
import { isBenchPage } from '../bench/own-page.ts';
import { type Facts, isBlocked } from '../check/preflight.ts';
import { type Computing, computes, isComputing } from '../controls/computing.ts';
import { Follow } from '../controls/follow.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { saveReport } from '../reports/report-files.ts';
import { matrixWords } from './matrix.en.ts';
import { countsOf } from './matrix-cells.ts';
import type { MatrixSession } from './matrix-session.ts';
import type { MatrixState } from './matrix-state.ts';
import '../check/found.ts';
import '../controls/progress.ts';
import '../reports/provenance.ts';
import './matrix-grid.ts';

/** Every quantizer on every backend: execute, see, open a cell. */
export class MatrixView extends LitElement {
  static override properties = {
    facts: { attribute: false },
    matrix: { attribute: false },
    server: { attribute: false },
    others: { attribute: false },
    withOrt: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    viewStyles,
    css`
      section {
        display: grid;
        gap: var(--space-4);
        grid-template-columns: minmax(0, 1fr);
      }
    `,
  ];
  declare facts: Observable<Facts | undefined>;
  declare matrix: MatrixSession;
  declare server: BenchServer | undefined;
  /** What computes apart from this view. */
  declare others: readonly Computing[];
  /** Whether the person wants ONNX Runtime asked. */
  declare withOrt: boolean;

  constructor() {
    super();
    this.withOrt = false;
    new Follow(this, () => [this.facts, this.matrix.state, ...this.others]);
  }

  override render() {
    const words = matrixWords();
    const state = this.matrix.state.value;
    const facts = this.facts.value;
    const busy = computes(state);
    return html`
      <div class="stack">
        <h1>${words.title}</h1>
        <p class="lead">${words.lead}</p>
        ${facts && isBlocked(facts) ? html`<gp-found .facts=${facts}></gp-found>` : nothing}
        ${this.#library(busy)}
        ${isComputing(this.others) && !busy ? html`<p class="tone">${words.busy}</p>` : nothing}
        <div class="row">${this.#start(state)}</div>
        ${busy ? progress(state) : nothing}
        ${state.phase === 'failed' ? html`<p class="tone bad" role="alert" lang="en">${state.problem}</p>` : nothing}
      </div>
      ${results(state)}
    `;
  }

  #library(busy: boolean) {
    const words = matrixWords();
    if (!this.#hasOrt) return html`<p class="small muted">${words.noOrt}</p>`;
    return html`<label class="check">
      <input type="checkbox" .checked=${this.withOrt} ?disabled=${busy} @change=${(
        event: Event,
      ) => {
        this.withOrt = (event.target as HTMLInputElement).checked;
      }} />
      <span>${words.ort}</span>
    </label>`;
  }

  /** One button in one place, so that the focus stays on it. */
  #start(state: MatrixState) {
    const words = matrixWords();
    const busy = computes(state);
    const disabled = !busy && !this.#canStart;
    return html`<button class="large ${busy ? '' : 'primary'}" aria-keyshortcuts="R" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
      ${busy ? words.cancel : state.phase === 'idle' ? words.run : words.again}
    </button>`;
  }

  /** Whether this page may load it: one that has a frame, of a server that has the library. */
  get #hasOrt(): boolean {
    return isBenchPage() && (this.server?.peers.includes('ort') ?? false);
  }

  get #canStart(): boolean {
    const facts = this.facts.value;
    return facts !== undefined && !isBlocked(facts) && !isComputing(this.others);
  }

  #press(busy: boolean): void {
    if (busy) this.matrix.cancel();
    else this.matrix.start(this.withOrt && this.#hasOrt);
  }
}

function progress({ done, total, current }: MatrixState) {
  return html`<div>
    <gp-progress label=${matrixWords().progress} noun="checks" .done=${done} .total=${total}></gp-progress>
    <p class="small muted mono">${current ?? nothing}</p>
  </div>`;
}

function results({ cells, report }: MatrixState) {
  if (!report) return nothing;
  const words = matrixWords();
  const { environments, run, tool } = report;
  const counts = countsOf(cells);
  return html`<section aria-labelledby="results">
    <h2 id="results">${words.results}</h2>
    <p>${words.counts(counts.pass, counts.fail, counts['producer-deviates'], counts.unavailable)}</p>
    ${run.complete ? nothing : html`<p class="tone warn">${words.incomplete}</p>`}
    <gp-provenance .environments=${environments} .startedAt=${new Date(run.startedAt)} .tool=${tool}></gp-provenance>
    <div class="row"><button class="quiet" @click=${() => saveReport(report, 'json')}>${words.save}</button></div>
    <div class="panel"><gp-matrix-grid .cells=${cells}></gp-matrix-grid></div>
  </section>`;
}

customElements.define('gp-matrix-view', MatrixView);
