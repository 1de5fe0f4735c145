import { css, html, LitElement, nothing } from 'lit';
import { reachOf } from '../../gpu/reach.ts';
import type { RequestFault, RequestPart } from '../../harness/tuning/request-faults.ts';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import type { WorkersChoice } from '../../train/llama/sharding-faults.ts';
import type { Facts } from '../check/preflight.ts';
import { Follow } from '../controls/follow.ts';
import { namedServers } from '../controls/served-address.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { FetchedModels } from '../fetched/fetched-models.ts';
import type { TakenModel } from '../fetched/fetched-models-element.ts';
import type { FieldChange } from './settings-fields.ts';
import { tuningWords } from './tuning.en.ts';
import type { TuningChoice, TuningChoices } from './tuning-choice.ts';
import '../fetched/fetched-models-element.ts';
import './file-choice.ts';
import './saved-form.ts';
import './seen-texts.ts';
import './settings-fields.ts';
import './tuning-forecast.ts';
import './worker-choice.ts';

/** What is chosen for a fine-tuning of a folder's model, with what was found when it was read. */
export class TuningSetup extends LitElement {
  static override properties = {
    choice: { attribute: false },
    fetched: { attribute: false },
    limits: { attribute: false },
    timestamps: { attribute: false },
    onReference: { type: Boolean },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      :host,
      .part {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-5);
        align-content: start;
      }
      @media (min-width: 75rem) {
        :host {
          grid-template-columns: repeat(2, minmax(0, 1fr));
          column-gap: var(--space-6);
        }
      }
      /* Room for what is read, so that nothing below it moves. */
      .read {
        min-block-size: 3.5lh;
      }
      li + li {
        margin-block-start: var(--space-2);
      }
    `,
  ];
  declare choice: TuningChoice;
  declare fetched: FetchedModels;
  declare limits: LimitsOfAdapter | undefined;
  /** Whether the adapter can stamp its work; undefined before that is known. */
  declare timestamps: boolean | undefined;
  /** Whether it is trained without WebGPU, which takes settings alone. */
  declare onReference: boolean;

  constructor() {
    super();
    new Follow(this, () => [this.choice.chosen, this.choice.inspection]);
  }

  override render() {
    const words = tuningWords();
    const { kind, settings, settingsFile } = this.choice.chosen.value;
    const { found } = this.choice.inspection.value;
    const faults = found?.faults ?? [];
    return html`
      <div class="part">
        ${kind === 'folder' ? this.#folder() : nothing}
        ${faultsOf('model', faults)}
        ${this.#data()}
        ${this.onReference ? nothing : this.#adapter(faults)}
      </div>
      <div class="part">
        <gp-settings-fields
          .settings=${settings}
          .config=${found?.config}
          .faults=${faults.filter(({ part }) => part === 'settings')}
          .file=${settingsFile}
          @field=${({ detail: { field, text } }: CustomEvent<FieldChange>) => this.choice.setField(field, text)}
          @file=${({ detail }: CustomEvent<File>) => this.choice.takeSettings(detail)}
          @reset=${() => this.choice.resetSettings()}
          @repair=${() => this.choice.repairSettings()}
        ></gp-settings-fields>
        ${this.onReference ? html`<p class="tone warn">${words.reference}</p>` : this.#ofDevice()}
      </div>
    `;
  }

  /** What a device has beside: workers, forms of the model, and a forecast of its memory. */
  #ofDevice() {
    const { form, sharding, traced = false, sent = false } = this.choice.chosen.value;
    const { reading, forecast, refusal } = this.choice.inspection.value;
    const tooLarge = this.limits && refusal?.(this.limits);
    return html`
      <gp-worker-choice
        .choice=${sharding}
        @workers=${({ detail }: CustomEvent<WorkersChoice | undefined>) => this.choice.takeSharding(detail)}
      ></gp-worker-choice>
      <gp-saved-form
        .form=${form}
        .traced=${traced}
        .sent=${sent}
        .timestamps=${this.timestamps}
        .sink=${namedServers().sink}
        @told=${({ detail }: CustomEvent<Pick<TuningChoices, 'traced' | 'sent'>>) => this.choice.takeTold(detail)}
        @form=${({ detail }: CustomEvent<ModelFormName | undefined>) => this.choice.takeForm(detail)}
      ></gp-saved-form>
      ${tooLarge ? html`<p class="tone bad" role="alert" lang="en">${tooLarge}</p>` : nothing}
      <gp-tuning-forecast
        .forecast=${forecast}
        .limit=${this.limits && reachOf(this.limits)}
        .meanwhile=${reading ? tuningWords().reading : ''}
      ></gp-tuning-forecast>
    `;
  }

  #folder() {
    const words = tuningWords().folder;
    const { folder } = this.choice.chosen.value;
    const files = folder?.place.files ?? [];
    const size = files.reduce((sum, file) => sum + file.size, 0);
    return html`<gp-file-choice
      folder
      .heading=${words.heading}
      .named=${folder ? words.named(folder.name, files.length, size) : words.none}
      .hint=${words.hint}
      .choose=${words.choose}
      @files=${this.#takeFolder}
    >
      <label slot="more" class="button quiet open">
        ${words.chooseFile}
        <input class="visually-hidden" type="file" accept=".gguf" @change=${this.#takeFile} />
      </label>
      <gp-fetched-models
        .fetched=${this.fetched}
        @model=${({ detail: { name, files } }: CustomEvent<TakenModel>) => this.choice.takeFolder(name, files)}
      ></gp-fetched-models>
    </gp-file-choice>`;
  }

  #adapter(faults: readonly RequestFault[]) {
    const words = tuningWords().adapter;
    const { adapter } = this.choice.chosen.value;
    const size = (adapter?.place.files ?? []).reduce((sum, file) => sum + file.size, 0);
    return html`<gp-file-choice
      several
      .heading=${words.heading}
      .named=${adapter ? words.named(adapter.name, size) : words.none}
      .hint=${words.hint}
      .choose=${words.choose}
      @files=${({ detail }: CustomEvent<File[]>) => this.choice.takeAdapter(detail)}
    >
      ${adapter ? html`<button slot="more" class="quiet" @click=${() => this.choice.takeAdapter(undefined)}>${words.forget}</button>` : nothing}
      ${faultsOf('adapter', faults)}
    </gp-file-choice>`;
  }

  #takeFolder({ detail: files }: CustomEvent<File[]>): void {
    this.choice.takeFolder(files[0]?.webkitRelativePath.split('/')[0] ?? '', files);
  }

  #takeFile(event: Event): void {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (file) this.choice.takeFolder(file.name, [file]);
  }

  #data() {
    const { data: words, readingTexts } = tuningWords();
    const { data } = this.choice.chosen.value;
    const { reading, progress, found } = this.choice.inspection.value;
    const { texts, codec, faults = [] } = found ?? {};
    const read = texts
      ? [
          words.read(texts.items.length, texts.format),
          ...(texts.dropped > 0 ? [words.dropped(texts.dropped)] : []),
        ].join('; ')
      : '';
    return html`<gp-file-choice
      .heading=${words.heading}
      .named=${data ? words.named(data.name, data.size) : words.own}
      .hint=${words.hint}
      .choose=${words.choose}
      @files=${({ detail }: CustomEvent<File[]>) => this.choice.takeData(detail[0])}
    >
      ${data ? html`<button slot="more" class="quiet" @click=${() => this.choice.takeData(undefined)}>${words.forget}</button>` : nothing}
      ${faultsOf('data', faults)}
      <div class="read">
        <p class="small">${reading && progress ? readingTexts(progress.done, progress.of) : read}</p>
        ${texts && codec && texts.items.length > 0 ? html`<gp-seen-texts .texts=${texts} .codec=${codec}></gp-seen-texts>` : nothing}
      </div>
    </gp-file-choice>`;
  }
}

/** What an adapter binds, by WebGPU's names. */
export interface LimitsOfAdapter extends Readonly<Record<string, number>> {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
}

/** The limits that the page knows; undefined before it has looked, and without an adapter. */
export function limitsOf(facts: Facts | undefined): LimitsOfAdapter | undefined {
  const adapter = facts?.adapter;
  if (!adapter) return undefined;
  return {
    maxStorageBufferBindingSize: adapter.storageBindingBytes,
    maxBufferSize: adapter.bufferBytes,
  };
}

/** A line for each fault of a part. */
function faultsOf(wanted: RequestPart, faults: readonly RequestFault[]) {
  const own = faults.filter(({ part }) => part === wanted);
  if (own.length === 0) return nothing;
  return html`<ul class="tone bad" role="alert" lang="en">
    ${own.map(({ message }) => html`<li>${message}</li>`)}
  </ul>`;
}

customElements.define('gp-tuning-setup', TuningSetup);
