import { css, html, LitElement } from 'lit';
import { base, panels } from '../controls/styles.ts';
import { trainingWords } from './training.en.ts';

/** What the model writes after the same beginning, before and after it learnt. */
export class Samples extends LitElement {
  static override properties = { prompt: {}, textBefore: {}, textAfter: {} };
  static override styles = [
    base,
    panels,
    css`
      .pair {
        margin-block-start: var(--space-3);
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr));
        gap: var(--space-4);
      }
      pre {
        margin-block-start: var(--space-2);
        font-family: var(--mono);
        font-size: var(--text-s);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        max-height: 14rem;
        overflow: auto;
      }
      b {
        font-weight: 400;
        color: var(--muted);
      }
    `,
  ];
  declare prompt: string | undefined;
  declare textBefore: string;
  declare textAfter: string | undefined;

  override render() {
    const { label, lead, before, after } = trainingWords().samples;
    return html`<section aria-label=${label}>
      <p class="muted">${lead}</p>
      <div class="pair">${this.#sample(before, this.textBefore)} ${this.#sample(after, this.textAfter)}</div>
    </section>`;
  }

  #sample(title: string, text: string | undefined) {
    return html`<div class="panel">
      <h2>${title}</h2>
      <pre tabindex="0" aria-label=${trainingWords().samples.sample(title)}><b>${this.prompt ?? ''}</b>${text ?? '…'}</pre>
    </div>`;
  }
}

customElements.define('gp-samples', Samples);
