import { css, html, LitElement } from 'lit';
import { icon } from '../controls/icons.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';

/**
 * What files are chosen, with a button to choose others: one, with `several` more than that, or with
 * `folder` all of one. Fires `files` with File[]; what else can be done goes into the slot.
 */
export class FileChoice extends LitElement {
  static override properties = {
    heading: {},
    named: {},
    hint: {},
    choose: {},
    folder: { type: Boolean },
    several: { type: Boolean },
    disabled: { type: Boolean },
  };
  static override styles = [
    base,
    controls,
    panels,
    viewStyles,
    css`
      :host {
        display: block;
      }
      .panel {
        display: grid;
        gap: var(--space-2);
      }
      h2 {
        font-size: var(--text-m);
      }
      .name {
        display: flex;
        gap: var(--space-3);
        align-items: center;
      }
      .name svg {
        flex: none;
        color: var(--accent);
      }
    `,
  ];
  declare heading: string;
  /** What is chosen, in words. */
  declare named: string;
  declare hint: string;
  /** What the button says. */
  declare choose: string;
  declare folder: boolean;
  declare several: boolean;
  declare disabled: boolean;

  override render() {
    return html`<section class="panel" aria-label=${this.heading}>
      <h2>${this.heading}</h2>
      <p class="name">${icon('file', 24)}<span>${this.named}</span></p>
      <p class="small muted">${this.hint}</p>
      <div class="row">
        <label class="button quiet open" ?hidden=${this.disabled}>
          ${this.choose}
          <input class="visually-hidden" type="file" ?webkitdirectory=${this.folder} ?multiple=${this.folder || this.several} @change=${this.#take} />
        </label>
        <slot name="more"></slot>
      </div>
      <slot></slot>
    </section>`;
  }

  #take(event: Event): void {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = '';
    if (files.length > 0) this.dispatchEvent(new CustomEvent('files', { detail: files }));
  }
}

customElements.define('gp-file-choice', FileChoice);
