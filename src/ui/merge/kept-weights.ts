import { css, html, LitElement, nothing } from 'lit';
import { chosenFolder } from '../../formats/hugging-face/folder-place.ts';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { downloadFile } from '../controls/download.ts';
import { base, controls } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import type { TunedRun } from '../tune/tuned-run.ts';
import { tuningWords } from '../tune/tuning.en.ts';
import type { ChosenFolder } from '../tune/tuning-choice.ts';
import { mergingWords } from './merging.en.ts';
import type { Merging } from './merging.ts';
import { trainedOfKept } from './trained-model.ts';
import './merge-model.ts';

/** What a kept run has trained: its files, and the model that they are merged into. */
export class KeptWeights extends LitElement {
  static override properties = {
    run: { attribute: false },
    merging: { attribute: false },
    folder: { attribute: false },
    refusal: {},
    talks: { type: Boolean },
    own: { state: true },
  };
  static override styles = [
    base,
    controls,
    viewStyles,
    css`
      :host {
        gap: var(--space-3);
        margin-block-start: var(--space-3);
      }
    `,
  ];
  declare run: TunedRun;
  declare merging: Merging;
  /** The model that is chosen for the next run, if one is. */
  declare folder: ChosenFolder | undefined;
  /** Why nothing can be merged now; empty where it can. */
  declare refusal: string;
  declare talks: boolean;
  /** The model that was chosen here. */
  declare own: ChosenFolder | undefined;

  override render() {
    const { run } = this;
    const model = run.weights?.model;
    const missing = model && !this.#folder ? mergingWords().needsModel(model.name) : '';
    return html`
      <div class="row">
        ${(run.weights?.files ?? []).map(
          (file) =>
            html`<button class="quiet" @click=${() => downloadFile(file)}>${tuningWords().files.save(file.name, file.size)}</button>`,
        )}
      </div>
      <gp-merge-model
        .merging=${this.merging}
        .run=${run.id}
        .refusal=${this.refusal || missing}
        .talks=${this.talks}
        @merge=${this.#merge}
      >${model ? this.#model(model.isFile) : nothing}</gp-merge-model>
    `;
  }

  /** One that has the name is at hand; whether it is the same its digest tells. */
  get #folder(): ChosenFolder | undefined {
    const name = this.run.weights?.model?.name;
    return this.own ?? (this.folder?.name === name ? this.folder : undefined);
  }

  #model(isFile: boolean) {
    const words = mergingWords();
    const folder = this.#folder;
    const size = (folder?.place.files ?? []).reduce((sum, file) => sum + file.size, 0);
    return html`<div class="row">
      <label class="button quiet open">
        ${isFile ? words.chooseFile : words.chooseFolder}
        <input
          class="visually-hidden"
          type="file"
          accept=${isFile ? '.gguf' : nothing}
          ?webkitdirectory=${!isFile}
          ?multiple=${!isFile}
          @change=${this.#take}
        />
      </label>
      <span class="small muted" role="status">${folder ? words.model(folder.name, size) : nothing}</span>
    </div>`;
  }

  #merge({ detail: form }: CustomEvent<ModelFormName>): void {
    const trained = trainedOfKept(this.run, this.#folder);
    if (trained) void this.merging.merge(trained, form);
  }

  #take(event: Event): void {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = '';
    const name = this.run.weights?.model?.name;
    if (files.length > 0 && name !== undefined) this.own = { name, place: chosenFolder(files) };
  }
}

customElements.define('gp-kept-weights', KeptWeights);
