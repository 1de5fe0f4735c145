import { css, html, LitElement, nothing } from 'lit';
import { MODEL_FORM_NAMES, type ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { computes } from '../controls/computing.ts';
import { Follow } from '../controls/follow.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { savingWords } from '../tune/saving.en.ts';
import { choosesFolders } from '../tune/saving-place.ts';
import { mergingWords } from './merging.en.ts';
import type { Merging } from './merging.ts';
import type { MergeOutcome } from './merging-state.ts';
import '../controls/progress.ts';
import './written-model.ts';

/**
 * Where what a run trained is merged into its model: the form, how far it is, and the files. Fires
 * `merge` with a ModelFormName; what else is to be chosen goes into the slot.
 */
export class MergeModel extends LitElement {
  static override properties = {
    merging: { attribute: false },
    run: {},
    refusal: {},
    talks: { type: Boolean },
    form: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      label {
        display: grid;
        gap: var(--space-1);
      }
      select {
        inline-size: 100%;
      }
    `,
  ];
  declare merging: Merging;
  /** The id of the run. */
  declare run: string;
  /** Why it cannot be merged now; empty where it can. */
  declare refusal: string;
  /** Whether a model can be asked, which ends then. */
  declare talks: boolean;
  declare form: ModelFormName;

  constructor() {
    super();
    this.form = 'merged';
    new Follow(this, () => [this.merging.state]);
  }

  override render() {
    const words = mergingWords();
    const { run, phase, done, total, outcome } = this.merging.state.value;
    const isOwn = run === this.run;
    const isSaving = isOwn && computes({ phase });
    const disabled = isSaving ? phase === 'stopping' : this.refusal !== '';
    const hint = choosesFolders() ? words.toFolder : words.toDownloads;
    return html`
      <h3>${words.heading}</h3>
      <slot></slot>
      <label>
        ${words.form}
        <select ?disabled=${isSaving} @change=${this.#choose}>
          ${MODEL_FORM_NAMES.map((name) => html`<option value=${name} .selected=${name === this.form}>${savingWords().forms[name]}</option>`)}
        </select>
      </label>
      <p id="hint" class="small muted">${isSaving ? words.goesOn : this.refusal || hint} ${this.talks && !isSaving ? words.endsTalk : nothing}</p>
      <div class="row">
        <button aria-disabled=${disabled} aria-describedby="hint" @click=${() => !disabled && this.#press(isSaving)}>
          ${isSaving ? (phase === 'stopping' ? words.stopping : words.cancel) : words.save}
        </button>
      </div>
      ${isSaving ? html`<gp-progress label=${words.progress} noun="weights" .done=${done} .total=${total}></gp-progress>` : nothing}
      <div role="status">${isOwn && outcome ? told(outcome) : nothing}</div>
      ${
        isOwn && outcome?.kind === 'written'
          ? html`<gp-written-model .written=${outcome.written} @saved=${() => this.merging.saved(this.run)}></gp-written-model>`
          : nothing
      }
    `;
  }

  #choose(event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    this.form = MODEL_FORM_NAMES.find((name) => name === value) ?? 'merged';
  }

  #press(isSaving: boolean): void {
    if (isSaving) this.merging.cancel();
    else this.dispatchEvent(new CustomEvent('merge', { detail: this.form }));
  }
}

function told(outcome: MergeOutcome) {
  const words = mergingWords();
  switch (outcome.kind) {
    case 'written':
      return html`<p class="tone good">${words.written}</p>`;
    case 'cancelled':
      return html`<p class="tone">${words.cancelled}</p>`;
    case 'failed':
      return html`<p class="tone bad">${words.failed} <span lang="en">${outcome.problem}</span></p>`;
  }
}

customElements.define('gp-merge-model', MergeModel);
