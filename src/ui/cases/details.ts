import { css, html, LitElement, nothing } from 'lit';
import { icon } from '../controls/icons.ts';
import { base, controls } from '../controls/styles.ts';
import type { Sought } from './detailed.ts';
import { detailsWords } from './details.en.ts';

/**
 * Opens and closes everything behind the answer, which is slotted. Fires `toggle` for that, and
 * `seek` with a {@link Sought} to open it with that in sight.
 */
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
    const { title, find } = detailsWords();
    return html`
      <h2><button class="toggle" aria-keyshortcuts="D" aria-expanded=${open} aria-controls="body" @click=${this.#toggle}>${icon('caret')}${title}</button></h2>
      ${open ? nothing : html`<button class="visually-hidden" tabindex="-1" aria-keyshortcuts="/" @click=${() => this.#seek('query')}>${find}</button>`}
      <section id="body" aria-label=${title} ?hidden=${!open}><slot></slot></section>
    `;
  }

  /** By a key it is pressed from anywhere on the page: what opens must come in sight. */
  #toggle({ detail }: MouseEvent): void {
    if (detail === 0 && !this.open) this.#seek('beginning');
    else this.dispatchEvent(new CustomEvent('toggle'));
  }

  #seek(sought: Sought): void {
    this.dispatchEvent(new CustomEvent<Sought>('seek', { detail: sought }));
  }
}

customElements.define('gp-details', DetailsElement);
