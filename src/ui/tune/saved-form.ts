import { css, html, LitElement, nothing } from 'lit';
import { MODEL_FORM_NAMES, type ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { base, controls } from '../controls/styles.ts';
import { savingWords } from './saving.en.ts';
import { choosesFolders } from './saving-place.ts';

/** What is saved after the last step. Fires `form` with a ModelFormName, or undefined. */
export class SavedForm extends LitElement {
  static override properties = { form: {} };
  static override styles = [
    base,
    controls,
    css`
      label {
        display: grid;
        gap: var(--space-1);
      }
      select {
        inline-size: 100%;
      }
      p {
        margin-block-start: var(--space-2);
      }
    `,
  ];
  /** Undefined: what was trained alone. */
  declare form: ModelFormName | undefined;

  override render() {
    const words = savingWords();
    const { form } = this;
    return html`
      <label>
        ${words.label}
        <select @change=${this.#change}>
          <option value="" .selected=${form === undefined}>${words.adapter}</option>
          ${MODEL_FORM_NAMES.map((name) => html`<option value=${name} .selected=${name === form}>${words.forms[name]}</option>`)}
        </select>
      </label>
      ${form ? html`<p class="small muted">${choosesFolders() ? words.toFolder : words.toDownloads}</p>` : nothing}
    `;
  }

  #change(event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    const detail = MODEL_FORM_NAMES.find((name) => name === value);
    this.dispatchEvent(new CustomEvent('form', { detail }));
  }
}

customElements.define('gp-saved-form', SavedForm);
