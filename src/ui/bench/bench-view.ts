import { css, html, LitElement, nothing } from 'lit';
import { selectWorks } from '../../bench/select.ts';
import { type Facts, isBlocked } from '../check/preflight.ts';
import { type Computing, computes, isComputing } from '../controls/computing.ts';
import { Follow } from '../controls/follow.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { benchWords } from './bench.en.ts';
import { type BenchChoice, requestOf } from './bench-choice.ts';
import type { BenchSession } from './bench-session.ts';
import type { BenchState } from './bench-state.ts';
import { benchPage, isBenchPage } from './own-page.ts';
import '../check/found.ts';
import '../controls/progress.ts';
import './bench-fields.ts';
import './bench-results.ts';

/** Speed beside other libraries: choose, time, see. */
export class BenchView extends LitElement {
  static override properties = {
    facts: { attribute: false },
    bench: { attribute: false },
    others: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    panels,
    viewStyles,
    css`
      @media print {
        gp-bench-fields {
          display: none;
        }
      }
    `,
  ];
  declare facts: Observable<Facts | undefined>;
  declare bench: BenchSession;
  /** What computes apart from this view. */
  declare others: readonly Computing[];

  constructor() {
    super();
    new Follow(this, () => [
      this.facts,
      this.bench.state,
      this.bench.choice,
      this.bench.works,
      ...this.others,
    ]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.bench.load();
  }

  override render() {
    const words = benchWords();
    const { state, choice, works, server } = this.bench;
    const { report, file, results } = state.value;
    const facts = this.facts.value;
    const busy = computes(state.value);
    return html`
      <div class="stack">
        <h1>${words.title}</h1>
        <p class="lead">${words.lead}</p>
        ${facts && isBlocked(facts) ? html`<gp-found .facts=${facts}></gp-found>` : nothing}
        <gp-bench-fields ?hidden=${busy} .choice=${choice.value} .server=${server} .works=${works.value} @choose=${this.#choose}></gp-bench-fields>
        ${server ? nothing : html`<p class="tone warn">${words.nowhere}</p>`}
        ${isComputing(this.others) && !busy ? html`<p class="tone">${words.busy}</p>` : nothing}
        <div class="row">${this.#start(state.value)} ${busy ? nothing : this.#open()}</div>
        ${busy ? this.#progress(state.value) : nothing}
        ${state.value.problem !== undefined ? html`<p class="tone bad" role="alert" lang="en">${state.value.problem}</p>` : nothing}
      </div>
      ${works.value ? html`<gp-bench-results .results=${results} .report=${report} .file=${file} .works=${works.value}></gp-bench-results>` : nothing}
    `;
  }

  /** One button in one place, so that the focus stays on it; elsewhere the way to where it is. */
  #start(state: BenchState) {
    const words = benchWords();
    const { phase } = state;
    if (this.bench.server && !isBenchPage())
      return html`<span>${words.elsewhere} <a href=${benchPage('bench')} target="_blank">${words.openPage}</a></span>`;
    const busy = computes(state);
    const disabled = busy ? phase === 'stopping' : this.#request === undefined;
    return html`<button class="large ${busy ? '' : 'primary'}" aria-keyshortcuts="R" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
      ${phase === 'stopping' ? words.cancelling : busy ? words.cancel : phase === 'idle' ? words.run : words.again}
    </button>`;
  }

  #open() {
    return html`<label class="button quiet open">
      ${benchWords().open}
      <input class="visually-hidden" type="file" accept=".json,.gz,application/json,application/gzip" @change=${this.#take} />
    </label>`;
  }

  #progress({ done, total, id, remainingMs }: BenchState) {
    const left = remainingMs === undefined ? undefined : { low: remainingMs, high: remainingMs };
    return html`<div>
      <gp-progress label=${benchWords().progress} noun="works" .done=${done} .total=${total} .remaining=${left}></gp-progress>
      <p class="small muted mono">${id ?? nothing}</p>
    </div>`;
  }

  /** What a press on the button times; undefined where nothing can be. */
  get #request() {
    const { server, works, choice } = this.bench;
    const facts = this.facts.value;
    if (!server || !works.value || !facts || isBlocked(facts) || isComputing(this.others))
      return undefined;
    const request = requestOf(choice.value, server.peers);
    const isEmpty = request && selectWorks(works.value.works, request.options).length === 0;
    return isEmpty ? undefined : request;
  }

  #press(busy: boolean): void {
    const request = this.#request;
    const adapter = this.facts.value?.adapter;
    if (busy) this.bench.cancel();
    else if (request && adapter) this.bench.start(request, adapter);
  }

  #choose({ detail }: CustomEvent<BenchChoice>): void {
    this.bench.choice.value = detail;
  }

  async #take(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    input.value = '';
    if (file) await this.bench.take(file);
  }
}

customElements.define('gp-bench-view', BenchView);
