import { css, html, LitElement, nothing } from 'lit';
import { type SchemeTotal, schemeKey } from '../../quantizer/choosing/totals.ts';
import { schemeWords } from '../../report/scheme-plot.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { quantizingWords } from './quantizing.en.ts';
import type { QuantizingSession } from './quantizing-session.ts';
import type { QuantizingState, Saved } from './quantizing-state.ts';
import '../controls/progress.ts';

/** Saves the weights in the layout of one of the methods that were measured. */
export class SaveWeights extends LitElement {
  static override properties = {
    quantizing: { attribute: false },
    state: { attribute: false },
    totals: { attribute: false },
    disabled: { type: Boolean },
    chosen: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      :host {
        display: grid;
        gap: var(--space-3);
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: var(--space-3);
      }
      label {
        display: grid;
        gap: var(--space-1);
        min-inline-size: 0;
      }
      select {
        max-inline-size: 100%;
      }
    `,
  ];
  declare quantizing: QuantizingSession;
  declare state: QuantizingState;
  /** Of all layers; those that did for none cannot be saved. */
  declare totals: readonly SchemeTotal[];
  /** Whether something else computes. */
  declare disabled: boolean;
  /** The key of a scheme; undefined for the first that is offered. */
  declare chosen: string | undefined;

  override render() {
    const words = quantizingWords().saving;
    const { phase, done, total, saved } = this.state;
    const isSaving = phase === 'saving';
    const disabled = this.disabled && !isSaving;
    const front = this.#offered.filter(({ isOnFront }) => isOnFront);
    const others = this.#offered.filter(({ isOnFront }) => !isOnFront);
    return html`
      <h3>${words.heading}</h3>
      <p class="small muted">${words.hint(this.quantizing.file.value === undefined)}</p>
      <div class="row">
        <label>
          ${words.method}
          <select ?disabled=${isSaving} @change=${this.#choose}>
            ${this.#options(words.onFront, front)}${this.#options(words.others, others)}
          </select>
        </label>
        <button aria-disabled=${disabled} @click=${() => !disabled && this.#press(isSaving)}>
          ${isSaving ? words.cancel : words.save}
        </button>
      </div>
      ${isSaving ? html`<gp-progress label=${words.progress} noun="weights" .done=${done} .total=${total}></gp-progress>` : nothing}
      <div role="status">${saved ? told(saved) : nothing}</div>
    `;
  }

  get #offered(): readonly SchemeTotal[] {
    return this.totals.filter(({ done }) => done > 0);
  }

  get #scheme(): SchemeTotal | undefined {
    const offered = this.#offered;
    return (
      offered.find(({ scheme }) => schemeKey(scheme) === this.chosen) ??
      offered.find(({ isOnFront }) => isOnFront) ??
      offered[0]
    );
  }

  #options(label: string, those: readonly SchemeTotal[]) {
    if (those.length === 0) return nothing;
    const now = this.#scheme;
    return html`<optgroup label=${label}>
      ${those.map((total) => html`<option value=${schemeKey(total.scheme)} .selected=${total === now}>${schemeWords(total)}</option>`)}
    </optgroup>`;
  }

  #choose(event: Event): void {
    this.chosen = (event.target as HTMLSelectElement).value;
  }

  #press(isSaving: boolean): void {
    const total = this.#scheme;
    if (isSaving) this.quantizing.cancel();
    else if (total) this.quantizing.save(total.scheme);
  }
}

function told(saved: Saved) {
  const words = quantizingWords().saving;
  if (saved.kind === 'cancelled') return html`<p class="tone">${words.cancelled}</p>`;
  if (saved.kind === 'failed')
    return html`<p class="tone bad">${words.failed} <span lang="en">${saved.problem}</span></p>`;
  const { name, bytes, quantized, layers, why } = saved;
  const line = words.saved(name, unitsWords().bytes(bytes));
  const rest = html` ${words.part(quantized, layers)} <span lang="en">${why}</span>`;
  return html`<p class="tone good">${line}${quantized < layers ? rest : nothing}</p>`;
}

customElements.define('gp-save-weights', SaveWeights);
