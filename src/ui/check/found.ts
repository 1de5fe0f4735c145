import { css, html, LitElement, nothing } from 'lit';
import { icon } from '../controls/icons.ts';
import { base, panels } from '../controls/styles.ts';
import { preflightWords } from './preflight.en.ts';
import { type Facts, type Finding, findings, isBlocked } from './preflight.ts';
import { adapterWords } from './words.ts';

/**
 * What was found here, in one line, and what stands in the way with the next action. What can be
 * done in any case goes into the slot: it stands above what is only good to know.
 */
export class FoundElement extends LitElement {
  static override properties = { facts: { attribute: false }, compact: { type: Boolean } };
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
      section,
      ::slotted(*) {
        margin-block-start: var(--space-5);
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
        margin-block-start: var(--space-4);
      }
      summary {
        color: var(--muted);
        font-size: var(--text-s);
      }
    `,
  ];
  declare facts: Facts | undefined;
  /**
   * Folds all that does not block: the person has seen it before the run, and the answer tells it
   * again.
   */
  declare compact: boolean;

  override render() {
    if (!this.facts)
      return html`<p class="line muted">${icon('chip', 20)}<span>${preflightWords().looking}</span></p>`;
    const found = findings(this.facts);
    const open = found.filter(
      ({ weight }) => weight === 'blocks' || (weight === 'warns' && !this.compact),
    );
    const folded = found.filter((finding) => !open.includes(finding));
    const blocked = isBlocked(this.facts);
    return html`
      <p class="line">${icon('chip', 20)}<span>${this.#sentence(this.facts)}</span></p>
      ${blocked ? html`${open.map(obstacle)}<slot></slot>` : html`<slot></slot>${open.map(obstacle)}`}
      ${
        folded.length === 0
          ? nothing
          : html`<details>
              <summary>${preflightWords().worthKnowing(folded.length)}</summary>
              ${folded.map(obstacle)}
            </details>`
      }
    `;
  }

  #sentence({ adapter, browser, os, chip }: Facts) {
    const { found, withoutChip } = preflightWords();
    if (!adapter) return html`${found} ${withoutChip(browser)}`;
    return html`${found} <strong>${adapterWords(adapter, os, chip)}</strong>, ${browser}.`;
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
