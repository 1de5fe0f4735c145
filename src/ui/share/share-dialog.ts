import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { messageOf } from '../../errors.ts';
import { toMarkdown } from '../../report/markdown.ts';
import type { Report } from '../../report/schema.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { withWords } from '../messages/words.ts';
import { saveReport } from '../reports/report-files.ts';
import { linkContents } from './link-contents.ts';
import { canSend, send } from './send.ts';
import { shareWords } from './share.en.ts';
import { pageShareBase } from './share-base.ts';
import { type Shareable, shareableOf } from './shareable.ts';
import '../controls/copy-button.ts';

/** After the last key, before the link is made anew. Milliseconds. */
const PAUSE_MS = 250;

const PARTS = {
  card: () => withWords<unknown>(import('../card/card-element.ts')),
  qr: () => withWords<unknown>(import('./qr-code.ts')),
  badge: () => withWords<unknown>(import('../reports/report-badge.ts')),
  files: () => withWords<unknown>(import('../reports/report-files-element.ts')),
};

/**
 * Makes the link of a report and says, before anything is copied, exactly what is in it; then other
 * ways to show the report.
 */
export class ShareDialog extends LitElement {
  static override properties = {
    report: { attribute: false },
    device: { state: true },
    shareable: { state: true },
    problem: { state: true },
    loaded: { state: true },
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
      .field {
        display: grid;
        gap: var(--space-1);
      }
      .row input {
        flex: 1 1 14rem;
        font-family: var(--mono);
        font-size: var(--text-s);
      }
      details {
        border-block-start: 1px solid var(--line);
        padding-block-start: var(--space-3);
      }
      details + details {
        margin-block-start: var(--space-3);
      }
      summary {
        font-weight: 600;
      }
      details > :not(summary) {
        margin-block-start: var(--space-3);
      }
      dl {
        display: grid;
        gap: var(--space-3);
        font-size: var(--text-s);
      }
      dt {
        font-weight: 600;
      }
      dd {
        color: var(--muted);
        overflow-wrap: anywhere;
      }
      .for-others .row {
        margin-block-start: var(--space-3);
      }
      .row.end {
        justify-content: flex-end;
      }
      @media (max-width: 30rem) {
        dialog {
          padding: var(--space-4);
        }
      }
    `,
  ];
  declare report: Report;
  declare device: string;
  declare shareable: Shareable | undefined;
  declare problem: string | undefined;
  declare loaded: ReadonlySet<keyof typeof PARTS>;
  #pause: ReturnType<typeof setTimeout> | undefined;
  /** Counts links, so that one that was overtaken is not shown. */
  #latest = 0;

  constructor() {
    super();
    this.device = '';
    this.loaded = new Set();
  }

  override disconnectedCallback(): void {
    clearTimeout(this.#pause);
    super.disconnectedCallback();
  }

  /** Opens as a modal dialog and makes the link. */
  async show(): Promise<void> {
    this.#dialog?.showModal();
    this.shareable = undefined;
    await Promise.all([this.#make(), this.#load('card')]);
  }

  override render() {
    const share = shareWords();
    const { report, device } = this;
    const link = this.shareable?.link;
    const { isPublic } = pageShareBase();
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent('closed'))}>
      <h2 id="title">${share.title}</h2>
      <p>${share.lead}</p>
      <div class="field">
        <label for="device">${share.device}</label>
        <input
          id="device"
          maxlength="100"
          autocomplete="off"
          placeholder=${share.devicePlaceholder}
          aria-describedby="device-hint"
          .value=${device}
          @input=${this.#name}
        />
        <span id="device-hint" class="small muted">${share.deviceHint}</span>
      </div>
      ${isPublic ? nothing : this.#forOthers()}
      ${this.problem ? html`<p class="tone bad" role="alert" lang="en">${this.problem}</p>` : this.#copyRow(link, isPublic)}
      ${this.loaded.has('card') ? html`<gp-card .report=${report} .device=${device}></gp-card>` : nothing}
      <details open>
        <summary>${share.contentsTitle}</summary>
        ${this.shareable ? this.#contents(this.shareable) : html`<p class="small muted">${share.making}</p>`}
      </details>
      ${isPublic ? this.#part('qr', share.qr, html`<gp-qr-code .text=${link}></gp-qr-code>`) : nothing}
      ${this.#part('badge', share.badge, html`<gp-report-badge .report=${report} .device=${device} .link=${isPublic ? link : undefined}></gp-report-badge>`)}
      ${this.#part('files', share.files, html`<p class="small muted">${share.filesHint}</p><gp-report-files .report=${report}></gp-report-files>`)}
      <div class="row end"><button @click=${() => this.#dialog?.close()}>${share.close}</button></div>
    </dialog>`;
  }

  /** What reaches others where the link does not. */
  #forOthers() {
    const { localOnly, savePage, copySummary } = shareWords();
    const { report, device } = this;
    return html`<div class="tone warn for-others">
      <p>${localOnly}</p>
      <div class="row">
        <button class="primary" @click=${() => saveReport(report, 'html')}>${savePage}</button>
        <gp-copy-button .words=${copySummary} .text=${toMarkdown(report, device ? { device } : {})}></gp-copy-button>
      </div>
    </div>`;
  }

  #copyRow(link: string | undefined, isPublic: boolean) {
    const share = shareWords();
    return html`<div class="row">
      <input readonly aria-label=${share.link} .value=${link ?? share.making} @focus=${selectAll} />
      <gp-copy-button ?primary=${isPublic} .words=${share.copy} .text=${link ?? ''} @refused=${this.#select}></gp-copy-button>
      ${link && canSend() ? html`<button @click=${() => send(this.report, isPublic ? link : undefined)}>${share.send}</button>` : nothing}
    </div>`;
  }

  #contents({ link, payload }: Shareable) {
    const share = shareWords();
    return html`<p class="small muted">${share.contentsSource} ${share.length(link.length)}</p>
      <dl>
        ${linkContents(payload, share.contents).map(({ what, value }) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`)}
      </dl>`;
  }

  /** A section whose code is loaded when it is opened. */
  #part(name: keyof typeof PARTS, title: string, content: TemplateResult) {
    return html`<details @toggle=${() => this.#load(name)}>
      <summary>${title}</summary>
      ${this.loaded.has(name) ? content : nothing}
    </details>`;
  }

  async #load(name: keyof typeof PARTS): Promise<void> {
    if (this.loaded.has(name)) return;
    await PARTS[name]();
    this.loaded = new Set([...this.loaded, name]);
  }

  #name(event: InputEvent): void {
    this.device = (event.target as HTMLInputElement).value;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#make(), PAUSE_MS);
  }

  async #make(): Promise<void> {
    const mine = ++this.#latest;
    try {
      const shareable = await shareableOf(this.report, this.device);
      if (mine === this.#latest) [this.shareable, this.problem] = [shareable, undefined];
    } catch (error) {
      if (mine === this.#latest) [this.shareable, this.problem] = [undefined, messageOf(error)];
    }
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector('dialog');
  }

  #select(): void {
    this.renderRoot.querySelector<HTMLInputElement>('input[readonly]')?.focus();
  }
}

function selectAll(event: FocusEvent): void {
  (event.target as HTMLInputElement).select();
}

customElements.define('gp-share-dialog', ShareDialog);
