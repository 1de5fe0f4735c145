import { css, html, LitElement, nothing } from 'lit';
import type { RequestFault } from '../../harness/tuning/request-faults.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import { TRAINING_TYPE_NAMES } from '../../train/llama/config/types.ts';
import { download } from '../controls/download.ts';
import { base, controls } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { hasRank, SETTING_FIELDS, type SettingField, type Settings, textOf } from './settings.ts';
import { tuningWords } from './tuning.en.ts';

/** What a change of a field tells. */
export interface FieldChange {
  readonly field: SettingField;
  readonly text: string;
}

/**
 * The few settings that have fields, each with its fault, and all of them as a file. Fires `field`
 * with a FieldChange, `file` with a File, `reset`, and `repair`.
 */
export class SettingsFields extends LitElement {
  static override properties = {
    settings: { attribute: false },
    config: { attribute: false },
    faults: { attribute: false },
    file: {},
  };
  static override styles = [
    base,
    controls,
    viewStyles,
    css`
      :host {
        display: block;
      }
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(9rem, 100%), 1fr));
        gap: var(--space-4);
        align-items: start;
      }
      .fields label {
        display: grid;
        gap: var(--space-1);
      }
      :is(.fields input, .fields select) {
        inline-size: 100%;
      }
      [aria-invalid='true'] {
        border-color: var(--bad);
        outline: 1px solid var(--bad);
      }
      .fault {
        color: var(--bad);
      }
      :is(details, .repair) {
        margin-block-start: var(--space-3);
      }
      pre {
        font-family: var(--mono);
        font-size: var(--text-s);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        max-height: 20rem;
        overflow: auto;
        padding: var(--space-3);
        margin-block: var(--space-2);
        background: var(--sunken);
        border-radius: var(--radius-s);
      }
    `,
  ];
  declare settings: Settings;
  /** What the settings come to; undefined while that is not known. */
  declare config: LlamaTrainingConfig | undefined;
  declare faults: readonly RequestFault[];
  /** The name of the file that they are of. */
  declare file: string | undefined;

  override render() {
    const words = tuningWords().settings;
    const fields = SETTING_FIELDS.filter((field) => field !== 'lora.r' || hasRank(this.settings));
    const others = this.faults.filter(({ path }) => !fields.some((field) => field === path));
    return html`<fieldset>
      <legend>${words.heading}</legend>
      ${this.file ? html`<p class="small muted">${words.named(this.file)}</p>` : nothing}
      <div class="fields">${fields.map((field) => this.#field(field))}</div>
      ${others.map(({ message }) => html`<p class="small fault" role="alert" lang="en">${message}</p>`)}
      ${this.faults.length > 0 ? html`<button class="quiet repair" @click=${() => this.dispatchEvent(new Event('repair'))}>${words.repair}</button>` : nothing}
      ${this.#file()}
    </fieldset>`;
  }

  #field(field: SettingField) {
    const fault = this.faults.find(({ path }) => path === field);
    const id = `fault-${field.replace('.', '-')}`;
    const described = fault ? id : nothing;
    const text = textOf(this.settings, field);
    const change = (event: Event) => this.#change(field, event);
    return html`<label>
      ${tuningWords().settings.fields[field]}
      ${
        field === 'type'
          ? html`<select aria-invalid=${fault !== undefined} aria-describedby=${described} @change=${change}>
              ${typesWith(text).map((type) => html`<option value=${type} .selected=${type === text}>${type}</option>`)}
            </select>`
          : html`<input inputmode="decimal" autocomplete="off" .value=${text} placeholder=${this.#usual(field)} aria-invalid=${fault !== undefined} aria-describedby=${described} @change=${change} />`
      }
      ${fault ? html`<span id=${id} class="small fault" lang="en">${fault.message}</span>` : nothing}
    </label>`;
  }

  /** What a field that is empty stands for. */
  #usual(field: SettingField): string {
    const { config } = this;
    if (field === 'max_length' && config) return String(config.length);
    if (field === 'lora.r' && config?.adapter) return String(config.adapter.rules.r);
    return tuningWords().settings.usual;
  }

  #file() {
    const words = tuningWords().settings;
    const json = JSON.stringify(this.settings, null, 2);
    return html`<details>
      <summary>${words.more}</summary>
      <p class="small muted">${words.moreLead}</p>
      <pre tabindex="0" aria-label=${words.more}>${json}</pre>
      <div class="row">
        <label class="button quiet open">
          ${words.choose}
          <input class="visually-hidden" type="file" accept=".json" @change=${this.#take} />
        </label>
        <button class="quiet" @click=${() => download('settings.json', `${json}\n`, 'application/json')}>${words.save}</button>
        <button class="quiet" @click=${() => this.dispatchEvent(new Event('reset'))}>${words.reset}</button>
      </div>
    </details>`;
  }

  #change(field: SettingField, event: Event): void {
    const text = (event.target as HTMLInputElement | HTMLSelectElement).value;
    const detail: FieldChange = { field, text };
    this.dispatchEvent(new CustomEvent('field', { detail }));
  }

  #take(event: Event): void {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (file) this.dispatchEvent(new CustomEvent('file', { detail: file }));
  }
}

/** A file may name a type that there is not; it stays in sight with its fault. */
function typesWith(text: string): readonly string[] {
  const known: readonly string[] = TRAINING_TYPE_NAMES;
  return known.includes(text) ? known : [...known, text];
}

customElements.define('gp-settings-fields', SettingsFields);
