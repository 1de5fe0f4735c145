import { css, html, LitElement, nothing } from 'lit';
import { CARD_SIZE, cardSvg, cardText } from '../../report/card.ts';
import type { Report } from '../../report/schema.ts';
import { download } from '../controls/download.ts';
import { pngOf } from '../controls/png.ts';
import { base, controls } from '../controls/styles.ts';
import { cardWords } from './card.en.ts';
import { cardOf } from './card-of.ts';
import '../controls/copy-button.ts';

/** A report as a picture to paste into a chat: how it looks, to save and to copy. */
export class CardElement extends LitElement {
  static override properties = {
    report: { attribute: false },
    device: {},
    icon: { state: true },
    refused: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--space-3);
      }
      h3 {
        font-size: var(--text-m);
      }
      img {
        display: block;
        inline-size: 100%;
        block-size: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
      }
    `,
  ];
  declare report: Report;
  /** What the person calls the computer. */
  declare device: string;
  /** The project's icon; undefined until it is read. */
  declare icon: string | undefined;
  declare refused: boolean;

  constructor() {
    super();
    this.device = '';
    this.refused = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#readIcon();
  }

  override render() {
    const { title, save, copy, refused } = cardWords();
    const { deviceMemory } = navigator as Navigator & { deviceMemory?: number };
    const memory = deviceMemory === undefined ? {} : { memoryGiB: deviceMemory };
    const card = cardOf(this.report, { device: this.device, ...memory });
    const font = getComputedStyle(document.documentElement).getPropertyValue('--font').trim();
    const file = cardSvg(card, { font, icon: this.icon ?? '' });
    const { width, height } = CARD_SIZE;
    return html`
      <h3>${title}</h3>
      <img src="data:image/svg+xml;charset=utf-8,${encodeURIComponent(file)}" width=${width} height=${height} alt=${cardText(card)} />
      <div class="row">
        <button class="quiet" ?disabled=${this.icon === undefined} @click=${() => this.#save(file)}>${save}</button>
        ${canCopyPictures() ? html`<gp-copy-button .words=${copy} .text=${this.icon === undefined ? '' : file} .picture=${toPng} @refused=${this.#refuse}></gp-copy-button>` : nothing}
        ${this.refused ? html`<p class="small" role="alert">${refused}</p>` : nothing}
      </div>
    `;
  }

  /** The picture can do without it, where it cannot be had. */
  async #readIcon(): Promise<void> {
    const response = await fetch(new URL('icon.svg', document.baseURI)).catch(() => undefined);
    this.icon = response?.ok ? await response.text() : '';
  }

  async #save(file: string): Promise<void> {
    download(`gradproof-${this.report.run.id}.png`, await toPng(file), 'image/png');
  }

  #refuse(): void {
    this.refused = true;
  }
}

function toPng(file: string): Promise<Blob> {
  return pngOf(file, 1);
}

function canCopyPictures(): boolean {
  return 'ClipboardItem' in window && typeof navigator.clipboard?.write === 'function';
}

customElements.define('gp-card', CardElement);
