import { css, html, LitElement } from 'lit';
import { icon } from '../controls/icons.ts';
import { base, controls } from '../controls/styles.ts';
import { dropWords } from '../drop/drop.en.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { TrainingText } from './training-session.ts';

/** Chooses the text to learn: a file field that is also a drop zone. Fires `text` with a File. */
export class TextDrop extends LitElement {
  static override properties = { text: { attribute: false }, disabled: { type: Boolean } };
  static override styles = [
    base,
    controls,
    css`
      label {
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: var(--space-2) var(--space-4);
        align-items: center;
        padding: var(--space-5);
        border: 2px dashed var(--control-line);
        border-radius: var(--radius);
        background: var(--surface);
        cursor: pointer;
      }
      label:hover {
        border-color: var(--accent);
      }
      label:focus-within {
        outline: 3px solid var(--focus);
        outline-offset: 2px;
      }
      label.disabled {
        cursor: not-allowed;
        opacity: 0.75;
      }
      svg {
        color: var(--accent);
      }
      .name {
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .button {
        pointer-events: none;
      }
      @media (max-width: 30rem) {
        label {
          grid-template-columns: auto 1fr;
        }
        .button {
          grid-column: 1 / -1;
        }
      }
    `,
  ];
  declare text: TrainingText | undefined;
  declare disabled: boolean;

  override render() {
    const drop = dropWords();
    const units = unitsWords();
    return html`<label class=${this.disabled ? 'disabled' : ''}>
      ${icon('file', 28)}
      <span>
        <span class="name">${this.text ? drop.named(this.text.name, units.bytes(this.text.bytes.byteLength)) : drop.ownSource}</span><br />
        <span class="small muted">${drop.hint}</span>
      </span>
      <span class="button quiet" aria-hidden="true">${drop.choose}</span>
      <input class="visually-hidden" type="file" aria-label=${drop.chooseText} ?disabled=${this.disabled} @change=${this.#choose} />
    </label>`;
  }

  #choose(event: Event): void {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (file) this.dispatchEvent(new CustomEvent('text', { detail: file }));
  }
}

customElements.define('gp-text-drop', TextDrop);
