import { css, html, LitElement, nothing } from 'lit';
import { MODEL_FORM_NAMES, type ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { base, controls } from '../controls/styles.ts';
import { checks } from '../controls/view-styles.ts';
import { savingWords } from './saving.en.ts';
import { choosesFolders } from './saving-place.ts';

/**
 * What is saved after the last step. Fires `form` with a ModelFormName, or undefined; and `told` with
 * whether a trace of the dispatches is made, or the log sent.
 */
export class SavedForm extends LitElement {
  static override properties = {
    form: {},
    traced: { type: Boolean },
    sent: { type: Boolean },
    timestamps: { attribute: false },
    sink: {},
  };
  static override styles = [
    base,
    controls,
    checks,
    css`
      label:has(select) {
        display: grid;
        gap: var(--space-1);
      }
      .check {
        margin-block-start: var(--space-3);
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
  declare traced: boolean;
  declare sent: boolean;
  /** Whether the adapter can stamp its work; undefined before that is known. */
  declare timestamps: boolean | undefined;
  /** Who takes logs; undefined where no one does. */
  declare sink: string | undefined;

  override render() {
    const words = savingWords();
    const { form } = this;
    const told = (
      name: 'traced' | 'sent',
      text: string,
      disabled = false,
    ) => html`<label class="check">
      <input type="checkbox" .checked=${this[name]} ?disabled=${disabled} @change=${(event: Event) => this.#tell(name, event)} />
      <span>${text}</span>
    </label>`;
    return html`
      <label>
        ${words.label}
        <select @change=${this.#change}>
          <option value="" .selected=${form === undefined}>${words.adapter}</option>
          ${MODEL_FORM_NAMES.map((name) => html`<option value=${name} .selected=${name === form}>${words.forms[name]}</option>`)}
        </select>
      </label>
      ${form ? html`<p class="small muted">${choosesFolders() ? words.toFolder : words.toDownloads}</p>` : nothing}
      ${this.timestamps === false ? nothing : told('traced', words.traced, this.timestamps === undefined)}
      ${this.sink === undefined ? nothing : told('sent', words.sent(this.sink))}
    `;
  }

  #tell(name: 'traced' | 'sent', event: Event): void {
    const detail = { [name]: (event.target as HTMLInputElement).checked };
    this.dispatchEvent(new CustomEvent('told', { detail }));
  }

  #change(event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    const detail = MODEL_FORM_NAMES.find((name) => name === value);
    this.dispatchEvent(new CustomEvent('form', { detail }));
  }
}

customElements.define('gp-saved-form', SavedForm);
