import { css, html, LitElement } from 'lit';
import { icon } from '../controls/icons.ts';
import { base, controls } from '../controls/styles.ts';
import { detailsWords } from './details.en.ts';

/** Opens and closes everything behind the answer, which is slotted. Fires `toggle`. */
export class DetailsElement extends LitElement {
  static override properties = { open: { type: Boolean } };
  static override styles = [
    base,
    controls,
    css`
      .toggle {
        background: none;
        border: 0;
        padding-inline: 0;
        font-size: var(--text-m);
        font-weight: 650;
        letter-spacing: 0;
        color: var(--muted);
      }
      .toggle:hover:not(:disabled, [aria-disabled='true']) {
        background: none;
        color: var(--ink);
      }
      .toggle svg {
        transition: transform var(--quick);
      }
      .toggle[aria-expanded='true'] svg {
        transform: rotate(90deg);
      }
      @media print {
        h2 {
          display: none;
        }
      }
    `,
  ];
  declare open: boolean;

  override render() {
    const { open } = this;
    const { title } = detailsWords();
    return html`
      <h2><button class="toggle" aria-keyshortcuts="D" aria-expanded=${open} aria-controls="body" @click=${this.#toggle}>${icon('caret')}${title}</button></h2>
      <section id="body" aria-label=${title} ?hidden=${!open}><slot></slot></section>
    `;
  }

  #toggle(): void {
    this.dispatchEvent(new CustomEvent('toggle'));
  }
}

customElements.define('gp-details', DetailsElement);
