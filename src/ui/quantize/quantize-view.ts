import { css, html, LitElement, nothing } from 'lit';
import { type Facts, isBlocked } from '../check/preflight.ts';
import { type Computing, computes, isComputing } from '../controls/computing.ts';
import { Follow } from '../controls/follow.ts';
import { icon } from '../controls/icons.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { quantizingWords } from './quantizing.en.ts';
import type { FileOfWeights, QuantizingSession } from './quantizing-session.ts';
import type { QuantizingState } from './quantizing-state.ts';
import '../check/found.ts';
import '../controls/progress.ts';
import './quantize-results.ts';

/** Which quantizer to take: choose weights, measure, see. */
export class QuantizeView extends LitElement {
  static override properties = {
    facts: { attribute: false },
    quantizing: { attribute: false },
    others: { attribute: false },
    each: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    viewStyles,
    css`
      .weights {
        display: grid;
        gap: var(--space-3);
      }
      .name {
        display: flex;
        gap: var(--space-3);
        align-items: center;
        font-weight: 600;
      }
      .name svg {
        flex: none;
        color: var(--accent);
      }
    `,
  ];
  declare facts: Observable<Facts | undefined>;
  declare quantizing: QuantizingSession;
  /** What computes apart from this view. */
  declare others: readonly Computing[];
  declare each: boolean;

  constructor() {
    super();
    this.each = false;
    new Follow(this, () => [
      this.facts,
      this.quantizing.state,
      this.quantizing.file,
      ...this.others,
    ]);
  }

  override render() {
    const words = quantizingWords();
    const state = this.quantizing.state.value;
    const facts = this.facts.value;
    const busy = computes(state);
    return html`
      <div class="stack">
        <h1>${words.title}</h1>
        <p class="lead">${words.lead}</p>
        ${facts && isBlocked(facts) ? html`<gp-found .facts=${facts}></gp-found>` : nothing}
        ${this.#weights(busy)}
        ${isComputing(this.others) && !busy ? html`<p class="tone">${words.busy}</p>` : nothing}
        <div class="row">${this.#start(state)}</div>
        ${isMeasuring(state) ? this.#progress(state) : nothing}
        ${state.phase === 'failed' ? html`<p class="tone bad" role="alert" lang="en">${state.problem}</p>` : nothing}
      </div>
      <gp-quantize-results .quantizing=${this.quantizing} .state=${state} .disabled=${!this.#canStart}></gp-quantize-results>
    `;
  }

  #weights(busy: boolean) {
    const words = quantizingWords();
    const file = this.quantizing.file.value;
    const name = file
      ? words.named(file.name, unitsWords().bytes(file.bytes), file.weights.length)
      : words.drawn;
    return html`<section class="panel weights" aria-labelledby="weights">
      <h2 id="weights" class="visually-hidden">${words.weights}</h2>
      <p class="name">${icon('file', 24)}<span>${name}</span></p>
      ${file ? leftOut(file) : nothing}
      <p class="small muted">${words.hint}</p>
      <div class="row" ?hidden=${busy}>
        <label class="button quiet open">
          ${words.choose}
          <input class="visually-hidden" type="file" accept=".safetensors" @change=${this.#take} />
        </label>
        ${file ? html`<button class="quiet" @click=${() => this.quantizing.forget()}>${words.forget}</button>` : nothing}
      </div>
      <label class="check">
        <input type="checkbox" .checked=${this.each} ?disabled=${busy} @change=${(event: Event) => {
          this.each = (event.target as HTMLInputElement).checked;
        }} />
        <span>${words.each}</span>
      </label>
    </section>`;
  }

  /** One button in one place, so that the focus stays on it. */
  #start(state: QuantizingState) {
    const words = quantizingWords();
    const busy = isMeasuring(state);
    const disabled = !busy && (computes(state) || !this.#canStart);
    return html`<button class="large ${busy ? '' : 'primary'}" aria-keyshortcuts="R" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
      ${busy ? words.cancel : state.phase === 'idle' ? words.run : words.again}
    </button>`;
  }

  #progress({ done, total, remainingMs, measured }: QuantizingState) {
    const left = remainingMs === undefined ? undefined : { low: remainingMs, high: remainingMs };
    const last = measured.at(-1);
    return html`<div>
      <gp-progress label=${quantizingWords().progress} noun="measurements" .done=${done} .total=${total} .remaining=${left}></gp-progress>
      <p class="small muted mono">${last ? `${last.scheme.method}, ${last.layer}` : nothing}</p>
    </div>`;
  }

  get #canStart(): boolean {
    const facts = this.facts.value;
    return facts !== undefined && !isBlocked(facts) && !isComputing(this.others);
  }

  #press(busy: boolean): void {
    if (busy) this.quantizing.cancel();
    else this.quantizing.start(this.each);
  }

  async #take(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (file) await this.quantizing.take(file);
  }
}

/** Weights that a line names. */
const MOST_NAMES = 8;

function leftOut({ leftOut: all }: FileOfWeights) {
  if (all.length === 0) return nothing;
  const shown = all.slice(0, MOST_NAMES);
  return html`<p class="small muted">${quantizingWords().asTheyWere(shown, all.length - shown.length)}</p>`;
}

/** Saving is cancelled and shown beside what was measured. */
const isMeasuring = (state: QuantizingState) => computes(state) && state.phase !== 'saving';

customElements.define('gp-quantize-view', QuantizeView);
