import { css, html, LitElement, nothing } from 'lit';
import { base } from '../controls/styles.ts';
import { dropWords } from './drop.en.ts';
import { filesOf } from './dropped-files.ts';

/**
 * Takes files that are dropped anywhere on the page, and shows that it would. Fires `files` with
 * DroppedFile[].
 */
export class PageDrop extends LitElement {
  static override properties = { dragging: { state: true } };
  static override styles = [
    base,
    css`
      div {
        position: fixed;
        inset: var(--space-3);
        z-index: 3;
        display: grid;
        place-content: center;
        text-align: center;
        padding: var(--space-5);
        font-size: var(--text-l);
        border: 3px dashed var(--accent);
        border-radius: var(--radius);
        background: color-mix(in srgb, var(--page) 92%, transparent);
        pointer-events: none;
      }
    `,
  ];
  declare dragging: boolean;
  #leave: AbortController | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    window.addEventListener('dragover', (event) => this.#over(event), { signal });
    window.addEventListener('dragleave', (event) => this.#out(event), { signal });
    window.addEventListener('drop', (event) => this.#drop(event), { signal });
  }

  override disconnectedCallback(): void {
    this.#leave?.abort();
    super.disconnectedCallback();
  }

  override render() {
    if (!this.dragging) return nothing;
    return html`<div><p>${dropWords().page}</p></div>`;
  }

  #over(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.dragging = true;
  }

  /** The pointer left the window, not just one of its elements. */
  #out({ relatedTarget }: DragEvent): void {
    if (relatedTarget === null) this.dragging = false;
  }

  async #drop(event: DragEvent): Promise<void> {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.dragging = false;
    this.dispatchEvent(new CustomEvent('files', { detail: await filesOf(event.dataTransfer) }));
  }
}

customElements.define('gp-page-drop', PageDrop);
