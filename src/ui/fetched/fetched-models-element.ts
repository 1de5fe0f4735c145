import { css, html, LitElement, nothing } from 'lit';
import { nameOfAddress } from '../../formats/hugging-face/model-address.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { runListStyles } from '../controls/run-list-styles.ts';
import { base, controls } from '../controls/styles.ts';
import { fetchedWords } from './fetched.en.ts';
import type { FetchedModels } from './fetched-models.ts';
import { filesOfModel, type StoredModel } from './model-storage.ts';

/** A model that was taken: what it is called, and its files. */
export interface TakenModel {
  readonly name: string;
  readonly files: readonly File[];
}

/**
 * A model of a server by its address, and those that this browser keeps. Fires `model` with a
 * TakenModel.
 */
export class FetchedModelsElement extends LitElement {
  static override properties = { fetched: { attribute: false } };
  static override styles = [
    base,
    controls,
    runListStyles,
    css`
      :host,
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-2);
      }
      form {
        display: grid;
        gap: var(--space-1);
      }
      input {
        flex: 1 1 14rem;
      }
      .bad {
        color: var(--bad);
      }
      dl {
        display: grid;
        gap: var(--space-1);
      }
    `,
  ];
  declare fetched: FetchedModels;

  constructor() {
    super();
    new Follow(this, () => [this.fetched.state]);
    new KeepFocus(this, () => this.renderRoot.querySelector<HTMLElement>('input'));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.fetched.load();
  }

  override render() {
    const words = fetchedWords();
    const { models, coming, problem } = this.fetched.state.value;
    const { server } = this.fetched;
    const told = coming
      ? coming.progress
        ? words.coming(coming.progress.name, coming.progress.done, coming.progress.bytes)
        : words.begins
      : '';
    return html`
      <form @submit=${this.#fetch}>
        <label for="address">${words.label}</label>
        <div class="row">
          <input id="address" name="address" inputmode="url" autocomplete="off" spellcheck="false" required aria-describedby="hint problem" aria-invalid=${problem !== undefined} />
          ${
            coming
              ? html`<button type="button" class="quiet" @click=${() => this.fetched.stop()}>${words.stop}</button>`
              : html`<button class="quiet">${words.fetch}</button>`
          }
        </div>
        <p id="hint" class="small muted">${server === undefined ? words.hint.own : words.hint.named(server)}</p>
        ${problem === undefined ? nothing : html`<p id="problem" class="small bad" role="alert" lang="en">${problem}</p>`}
        <p class="small" role="status">${told}</p>
      </form>
      ${
        models.length === 0
          ? nothing
          : html`<section aria-label=${words.kept}>
              <h3>${words.kept}</h3>
              <ul>${models.map((model) => this.#kept(model))}</ul>
            </section>`
      }
    `;
  }

  #kept(stored: StoredModel) {
    const words = fetchedWords();
    const { id, model, bytes } = stored;
    const name = model ? nameOfAddress(model.address) : words.cutOff;
    return html`<li>
      <div>
        <p class="name">${name}</p>
        ${model ? html`<p class="small muted">${model.address} · ${words.files(model.files.length, bytes)}</p>` : nothing}
      </div>
      <div class="row" role="group" aria-label=${name}>
        ${model ? html`<button class="quiet" @click=${() => this.#take(stored)}>${words.take}</button>` : nothing}
        <button class="quiet" @click=${() => this.fetched.remove(id)}>${words.remove(bytes)}</button>
      </div>
      ${
        model
          ? html`<details class="small">
              <summary>${words.sums}</summary>
              <dl>${model.files.map((file) => html`<div><dt>${file.name}</dt><dd class="mono">${file.sha256}</dd></div>`)}</dl>
            </details>`
          : nothing
      }
    </li>`;
  }

  async #fetch(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const stored = await this.fetched.fetch(String(new FormData(form).get('address') ?? ''));
    if (stored) await this.#give(stored);
  }

  async #take(stored: StoredModel): Promise<void> {
    if (await this.fetched.isWhole(stored)) await this.#give(stored);
  }

  async #give({ id, model }: StoredModel): Promise<void> {
    if (!model) return;
    const files = await filesOfModel(id, model);
    const detail: TakenModel = { name: nameOfAddress(model.address), files };
    this.dispatchEvent(new CustomEvent('model', { detail }));
  }
}

customElements.define('gp-fetched-models', FetchedModelsElement);
