import { css, html, LitElement } from 'lit';
import { icon } from '../icons.ts';
import { type Facts, type Finding, findings } from '../state/preflight.ts';
import { adapterWords } from '../state/words.ts';
import { base, panels } from '../styles.ts';

/** What was found here, in one line, and what stands in the way with the next action. */
export class FoundElement extends LitElement {
  static override properties = { facts: { attribute: false } };
  static override styles = [
    base,
    panels,
    css`
      .line {
        display: flex;
        gap: var(--space-3);
        align-items: flex-start;
        min-height: 1.6em;
      }
      .line svg {
        flex: none;
        margin-block-start: 0.2em;
        color: var(--accent);
      }
      section {
        margin-block-start: var(--space-4);
      }
      .title {
        display: flex;
        gap: var(--space-2);
        align-items: flex-start;
        font-weight: 650;
      }
      .title svg {
        flex: none;
        margin-block-start: 0.25em;
      }
      ul {
        margin-block-start: var(--space-2);
        padding-inline-start: 1.2em;
        list-style: disc;
      }
      details {
        margin-block-start: var(--space-3);
      }
      summary {
        cursor: pointer;
        width: fit-content;
        color: var(--muted);
        font-size: var(--text-s);
      }
    `,
  ];
  declare facts: Facts | undefined;

  override render() {
    if (!this.facts) return html`<p class="line muted">${icon('chip', 20)}<span>Looking at this computer…</span></p>`;
    const found = findings(this.facts);
    const notes = found.filter(({ weight }) => weight === 'informs');
    return html`
      <p class="line">${icon('chip', 20)}<span>${this.#sentence(this.facts)}</span></p>
      ${found.filter(({ weight }) => weight !== 'informs').map(obstacle)}
      ${
        notes.length > 0
          ? html`<details>
              <summary>${notes.length === 1 ? 'One thing' : `${notes.length} things`} worth knowing about this computer</summary>
              ${notes.map(obstacle)}
            </details>`
          : ''
      }
    `;
  }

  #sentence({ adapter, browser, os, chip }: Facts) {
    if (!adapter) return html`Found: ${browser}, without a usable graphics chip.`;
    return html`Found: <strong>${adapterWords(adapter, os, chip)}</strong>, ${browser}.`;
  }
}

function obstacle({ weight, title, detail, actions }: Finding) {
  const tone = weight === 'blocks' ? 'bad' : weight === 'warns' ? 'warn' : '';
  return html`<section class="tone ${tone}" aria-label=${title}>
    <p class="title">${weight === 'informs' ? '' : icon('alert')}<span>${title}</span></p>
    <p>${detail}</p>
    ${actions.length > 0 ? html`<ul>${actions.map((action) => html`<li>${action}</li>`)}</ul>` : ''}
  </section>`;
}

customElements.define('gp-found', FoundElement);
