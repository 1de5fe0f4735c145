import { css, html, LitElement, nothing } from 'lit';
import { downloadFile } from '../controls/download.ts';
import { base, controls } from '../controls/styles.ts';
import { units } from '../messages/units.en.ts';
import { savingWords } from '../tune/saving.en.ts';
import type { WrittenModel } from './merging-state.ts';

/**
 * The merged model of a run: the files of a folder, or downloads. Fires `saved` when each of those was
 * handed to the browser.
 */
export class WrittenModelFiles extends LitElement {
  static override properties = { written: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--space-2);
      }
    `,
  ];
  declare written: WrittenModel;
  readonly #saved = new Set<File>();

  override render() {
    const words = savingWords();
    const { files, folder, ofChange } = this.written;
    return html`
      <h3>${words.heading}</h3>
      ${
        folder === undefined
          ? html`<div class="row">
              ${files.map((file) => html`<button class="quiet" @click=${() => this.#save(file)}>${words.save(file.name, file.size)}</button>`)}
            </div>`
          : html`<p>${words.inFolder(folder)}</p>
              <ul>
                ${files.map((file) => html`<li>${words.file(file.name, file.size)}</li>`)}
              </ul>`
      }
      ${ofChange === undefined ? nothing : html`<p class="small muted">${words.rounding(units.percent(ofChange))}</p>`}
    `;
  }

  #save(file: File): void {
    downloadFile(file);
    this.#saved.add(file);
    if (this.written.files.every((each) => this.#saved.has(each)))
      this.dispatchEvent(new CustomEvent('saved'));
  }
}

customElements.define('gp-written-model', WrittenModelFiles);
