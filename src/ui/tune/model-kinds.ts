import { css, html, LitElement } from 'lit';
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
    css`
      fieldset {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr));
        gap: var(--space-3);
      }
      label {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 var(--space-2);
        align-content: start;
        padding: var(--space-3) var(--space-4);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        cursor: pointer;
      }
      label:has(:checked) {
        border-color: var(--accent);
        box-shadow: inset 0 0 0 1px var(--accent);
      }
      input {
        min-height: 0;
        width: 1.1rem;
        height: 1.1rem;
        margin: 0.2rem 0 0;
        accent-color: var(--accent);
      }
      .name {
        font-weight: 600;
      }
      .what {
        grid-column: 2;
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
