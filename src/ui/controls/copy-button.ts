import { css, html, LitElement } from 'lit';
import { copyWords } from './copy.en.ts';
import { base, controls } from './styles.ts';

/**
 * Copies a text or a picture of it, and says so. Fires `refused` where the browser does not allow
 * it: the person copies by hand then.
 */
export class CopyButton extends LitElement {
  static override properties = {
    words: {},
    text: {},
    picture: { attribute: false },
    primary: { type: Boolean },
    copied: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
      }
      [role='status'] {
        font-size: var(--text-s);
      }
    `,
  ];
  /** What the button says. */
  declare words: string;
  /** What is copied; nothing can be while it is empty. */
  declare text: string;
  /** Makes a picture of the text, which is copied instead. */
  declare picture: ((text: string) => Promise<Blob>) | undefined;
  declare primary: boolean;
  declare copied: boolean;

  override willUpdate(changed: ReadonlyMap<PropertyKey, unknown>): void {
    if (changed.has('text')) this.copied = false;
  }

  override render() {
    return html`<button class=${this.primary ? 'primary' : 'quiet'} ?disabled=${!this.text} @click=${this.#copy}>${this.words}</button>
      <span role="status">${this.copied ? copyWords().copied : ''}</span>`;
  }

  async #copy(): Promise<void> {
    try {
      // The picture is made while the browser waits: a click allows what begins with it.
      if (this.picture)
        await navigator.clipboard.write([
          new ClipboardItem({ 'image/png': this.picture(this.text) }),
        ]);
      else await navigator.clipboard.writeText(this.text);
      this.copied = true;
    } catch {
      this.dispatchEvent(new CustomEvent('refused'));
    }
  }
}

customElements.define('gp-copy-button', CopyButton);
