import { css, html, LitElement } from 'lit';
import { optionCards } from '../controls/option-cards.ts';
import { base, controls } from '../controls/styles.ts';
import { modelsWords } from './models.en.ts';
import type { ModelKind } from './tuning-choice.ts';

const KINDS: readonly ModelKind[] = ['small', 'folder', 'bytes'];

/** Whose model is fine-tuned. Fires `kind` with a ModelKind. */
export class ModelKinds extends LitElement {
  static override properties = { kind: {}, disabled: { type: Boolean } };
  static override styles = [
    base,
    controls,
    optionCards,
    css`
      :host {
        --option-width: 13rem;
      }
    `,
  ];
  declare kind: ModelKind;
  declare disabled: boolean;

  override render() {
    const words = modelsWords();
    return html`<fieldset ?disabled=${this.disabled}>
      <legend>${words.legend}</legend>
      ${KINDS.map(
        (kind) => html`<label>
          <input type="radio" name="kind" .checked=${this.kind === kind} @change=${() => this.#choose(kind)} />
          <span class="name">${words.kinds[kind].name}</span>
          <span class="what small muted">${words.kinds[kind].what}</span>
        </label>`,
      )}
    </fieldset>`;
  }

  #choose(kind: ModelKind): void {
    this.dispatchEvent(new CustomEvent('kind', { detail: kind }));
  }
}

customElements.define('gp-model-kinds', ModelKinds);
