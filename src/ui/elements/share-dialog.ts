import { css, html, LitElement, nothing } from 'lit';
import { messageOf } from '../../errors.ts';
import { encodeLink, type LinkContent, linkContents } from '../../harness/link/encode.ts';
import type { Report } from '../../harness/report/schema.ts';
import { harness } from '../state/harness.ts';
import { base, controls, panels } from '../styles.ts';

/** Makes the link of a report and says, before anything is copied, exactly what is in it. */
export class ShareDialog extends LitElement {
  static override properties = {
    report: { attribute: false },
    link: { state: true },
    contents: { state: true },
    problem: { state: true },
    copied: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      dialog {
        width: min(42rem, calc(100vw - 1.5rem));
        max-height: calc(100dvh - 2rem);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        padding: var(--space-5);
        color: var(--ink);
        background: var(--page);
        box-shadow: var(--shadow);
      }
      dialog::backdrop {
        background: rgb(10 12 14 / 0.55);
      }
      dialog > * + * {
        margin-block-start: var(--space-4);
      }
      input {
        flex: 1 1 14rem;
        font-family: var(--mono);
        font-size: var(--text-s);
      }
      dl {
        display: grid;
        gap: var(--space-3);
        font-size: var(--text-s);
        border-block: 1px solid var(--line);
        padding-block: var(--space-4);
      }
      dt {
        font-weight: 600;
      }
      dt::first-letter {
        text-transform: uppercase;
      }
      dd {
        color: var(--muted);
        overflow-wrap: anywhere;
      }
      .row.end {
        justify-content: flex-end;
      }
    `,
  ];
  declare report: Report;
  declare link: string | undefined;
  declare contents: readonly LinkContent[];
  declare problem: string | undefined;
  declare copied: boolean;

  constructor() {
    super();
    this.contents = [];
    this.copied = false;
  }

  /** Opens as a modal dialog and makes the link. */
  async show(): Promise<void> {
    this.#dialog?.showModal();
    [this.link, this.problem, this.copied] = [undefined, undefined, false];
    try {
      this.contents = linkContents(this.report);
      const { planText } = await harness();
      const fragment = await encodeLink(this.report, planText);
      this.link = `${location.origin}${location.pathname}#${fragment}`;
    } catch (error) {
      this.problem = messageOf(error);
    }
  }

  override render() {
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent('closed'))}>
      <h2 id="title">Share this result</h2>
      <p>The link itself holds the result. Nothing is uploaded: whoever has the link can read it, and nobody else.</p>
      ${this.problem ? html`<p class="tone bad" role="alert">${this.problem}</p>` : this.#copyRow()}
      ${
        this.contents.length > 0
          ? html`<section aria-label="What the link contains" tabindex="0">
              <h3>Exactly this is in it</h3>
              <dl>${this.contents.map(({ what, value }) => html`<div><dt>${what}</dt><dd>${value || 'nothing'}</dd></div>`)}</dl>
            </section>`
          : nothing
      }
      <div class="row end"><button @click=${() => this.#dialog?.close()}>Close</button></div>
    </dialog>`;
  }

  #copyRow() {
    return html`<div class="row">
      <input readonly aria-label="Link" .value=${this.link ?? 'Making the link…'} @focus=${selectAll} />
      <button class="primary" ?disabled=${!this.link} @click=${this.#copy}>Copy link</button>
      <span role="status">${this.copied ? 'Copied.' : ''}</span>
    </div>`;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector('dialog');
  }

  async #copy(): Promise<void> {
    if (!this.link) return;
    try {
      await navigator.clipboard.writeText(this.link);
      this.copied = true;
    } catch {
      // Without the permission the person copies by hand: the field selects itself.
      this.renderRoot.querySelector('input')?.focus();
    }
  }
}

function selectAll(event: FocusEvent): void {
  (event.target as HTMLInputElement).select();
}

customElements.define('gp-share-dialog', ShareDialog);
