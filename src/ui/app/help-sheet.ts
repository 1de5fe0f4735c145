import { css, html, LitElement } from 'lit';
import { base, controls } from '../controls/styles.ts';
import { helpWords, type KeyRow } from './help.en.ts';
import { shortcutsOn, turnShortcuts } from './shortcuts.ts';

/** All keys of the page, and the switch for those of a single key. */
export class HelpSheet extends LitElement {
  static override properties = { views: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      dialog {
        width: min(44rem, calc(100vw - 2rem));
        max-height: min(44rem, calc(100vh - 2rem));
        padding: var(--space-5);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        color: inherit;
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 0.4);
      }
      .head {
        display: flex;
        justify-content: space-between;
        align-items: start;
        gap: var(--space-4);
      }
      .groups {
        columns: 2 17rem;
        column-gap: var(--space-6);
        margin-block: var(--space-4);
      }
      section {
        break-inside: avoid;
        margin-block-end: var(--space-5);
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: var(--space-2) var(--space-4);
        margin-block-start: var(--space-2);
      }
      dt {
        white-space: nowrap;
      }
      kbd {
        display: inline-block;
        min-width: 1.9em;
        padding: 0 0.45em;
        font-family: var(--mono);
        font-size: var(--text-s);
        text-align: center;
        border: 1px solid var(--control-line);
        border-block-end-width: 2px;
        border-radius: var(--radius-s);
        background: var(--sunken);
      }
      label {
        display: flex;
        gap: var(--space-3);
        align-items: center;
        min-height: 24px;
      }
      input {
        min-height: 0;
        width: 1.1rem;
        height: 1.1rem;
        accent-color: var(--accent);
      }
      @media (max-width: 30rem) {
        dialog {
          padding: var(--space-4);
        }
      }
    `,
  ];

  /** The keys that lead to views. */
  declare views: readonly KeyRow[];

  constructor() {
    super();
    this.views = [];
  }

  /** Opens the sheet above everything else; the focus returns where it was when it closes. */
  show(): void {
    const dialog = this.renderRoot.querySelector('dialog');
    if (!dialog?.open) dialog?.showModal();
  }

  override render() {
    const words = helpWords();
    return html`<dialog aria-labelledby="title" @click=${this.#closeOutside}>
      <div class="head">
        <h2 id="title">${words.title}</h2>
        <button class="quiet" @click=${this.#close}>${words.close}</button>
      </div>
      <div class="groups">
        ${words.groups(this.views).map(
          ({ name, keys }) => html`<section>
            <h3>${name}</h3>
            <dl>
              ${keys.map(
                ([names, what]) =>
                  html`<dt>${names.map((key, i) => html`${i > 0 ? ' ' : ''}<kbd>${key}</kbd>`)}</dt><dd>${what}</dd>`,
              )}
            </dl>
          </section>`,
        )}
      </div>
      <label><input type="checkbox" aria-describedby="hint" .checked=${shortcutsOn()} @change=${this.#turn} />${words.single}</label>
      <p id="hint" class="small muted">${words.singleHint}</p>
    </dialog>`;
  }

  #turn(event: Event): void {
    turnShortcuts((event.target as HTMLInputElement).checked);
  }

  #close(): void {
    this.renderRoot.querySelector('dialog')?.close();
  }

  #closeOutside({ target, currentTarget }: Event): void {
    if (target === currentTarget) this.#close();
  }
}

customElements.define('gp-help-sheet', HelpSheet);
