import { css, html, LitElement, nothing } from 'lit';
import type { TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { EncodedTexts } from '../../formats/text-data/encode.ts';
import { base } from '../controls/styles.ts';
import { type SeenText, type SeenToken, seenText } from './seen-tokens.ts';
import { tuningWords } from './tuning.en.ts';

const MOST_TEXTS = 10;

/** Tokens of a text that are drawn; the others are counted. */
const MOST_TOKENS = 256;

/** The first texts as the model sees them, made when they are opened. */
export class SeenTexts extends LitElement {
  static override properties = {
    texts: { attribute: false },
    codec: { attribute: false },
    opened: { state: true },
  };
  static override styles = [
    base,
    css`
      ol {
        display: grid;
        gap: var(--space-4);
        margin-block-start: var(--space-3);
        max-height: 28rem;
        overflow: auto;
      }
      .text {
        font-family: var(--mono);
        font-size: var(--text-s);
        line-height: 1.9;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .text span {
        color: var(--muted);
        padding-block: 1px;
        box-shadow: inset 1px 0 0 var(--line);
      }
      .text .asked {
        color: var(--ink);
        text-decoration: underline;
        text-decoration-color: var(--accent);
        text-decoration-thickness: 2px;
        text-underline-offset: 0.3em;
      }
      .text .special {
        border: 1px solid var(--control-line);
        border-radius: var(--radius-s);
        padding-inline: var(--space-1);
        box-shadow: none;
      }
    `,
  ];
  declare texts: EncodedTexts;
  declare codec: TextCodec;
  declare opened: boolean;

  override render() {
    const { items } = this.texts;
    const words = tuningWords().seen;
    return html`<details @toggle=${this.#open}>
      <summary>${words.heading(Math.min(MOST_TEXTS, items.length))}</summary>
      ${this.opened ? this.#list() : nothing}
    </details>`;
  }

  #open(event: Event): void {
    this.opened ||= (event.target as HTMLDetailsElement).open;
  }

  #list() {
    const words = tuningWords().seen;
    const seen = this.texts.items
      .slice(0, MOST_TEXTS)
      .map((text) => seenText(text, this.codec, MOST_TOKENS));
    return html`<p class="small muted">${words.legend}</p>
      <ol tabindex="0" aria-label=${words.heading(seen.length)}>${seen.map(item)}</ol>`;
  }
}

function item({ tokens, length, askedCount, truncated }: SeenText) {
  const words = tuningWords().seen;
  const left = length - MOST_TOKENS;
  const facts = [words.facts(length, askedCount), ...(truncated ? [words.cut] : [])].join('; ');
  return html`<li>
    <p class="small muted">${facts}</p>
    <p class="text">${tokens.map(token)}${left > 0 ? html`<span>${words.more(left)}</span>` : nothing}</p>
  </li>`;
}

function token({ text, special, asked }: SeenToken) {
  const marks = `${asked ? 'asked' : ''} ${special ? 'special' : ''}`;
  return html`<span class=${marks}>${text}</span>`;
}

customElements.define('gp-seen-texts', SeenTexts);
