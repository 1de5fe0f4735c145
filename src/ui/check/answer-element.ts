import { css, html, LitElement } from 'lit';
import { icon } from '../controls/icons.ts';
import { base, panels } from '../controls/styles.ts';
import { answerWords } from './answer.en.ts';
import type { Answer } from './answer.ts';

/** An answer in plain words; what can be done with it goes into the slot. */
export class AnswerElement extends LitElement {
  static override properties = { answer: { attribute: false } };
  static override styles = [
    base,
    panels,
    css`
      .tone {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: var(--space-2) var(--space-4);
        padding-block: var(--space-5);
      }
      :host([tinted]) .tone {
        background-image: repeating-linear-gradient(135deg, color-mix(in srgb, var(--warn) 8%, transparent) 0 2px, transparent 2px 10px);
      }
      .mark {
        display: grid;
        place-content: center;
        width: 2.5rem;
        height: 2.5rem;
        border-radius: 50%;
        color: var(--surface);
        background: var(--muted);
      }
      .good .mark {
        background: var(--good);
      }
      .bad .mark {
        background: var(--bad);
      }
      .warn .mark {
        background: var(--warn);
      }
      h2 {
        align-self: center;
      }
      .more {
        grid-column: 2;
      }
      @media (max-width: 30rem) {
        .mark {
          width: 2rem;
          height: 2rem;
        }
        .more {
          grid-column: 1 / -1;
        }
      }
    `,
  ];
  declare answer: Answer;

  override render() {
    const { tone, headline, sentences } = this.answer;
    return html`<section class="tone ${tone}" aria-label=${answerWords().label}>
      <span class="mark">${icon(tone, 22)}</span>
      <h2>${headline}</h2>
      <div class="more">
        ${sentences.map((sentence) => html`<p>${sentence}</p>`)}
        <slot></slot>
      </div>
    </section>`;
  }
}

customElements.define('gp-answer', AnswerElement);
