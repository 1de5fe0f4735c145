import { css, html, LitElement, nothing } from 'lit';
import type { TrainingPhase } from '../../train/progress.ts';
import { icon } from '../controls/icons.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { base, controls } from '../controls/styles.ts';
import { trainingWords } from './training.en.ts';

/** What every run does, in order; one that has to find out why does that after them. */
const ALWAYS: readonly TrainingPhase[] = ['preparing', 'learning', 'sample', 'frozen'];

/**
 * The phases of a run: what is done, what goes on and why, and what is still to come. Fires `skip`
 * when the rest of the phase is to be left out.
 */
export class PhasesElement extends LitElement {
  static override properties = { doing: {}, skippable: { type: Boolean } };
  static override styles = [
    base,
    controls,
    css`
      ol {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-5);
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        color: var(--muted);
      }
      li[aria-current] {
        color: inherit;
        font-weight: 600;
      }
      .why {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2) var(--space-4);
        margin-block-start: var(--space-3);
        min-height: 2.75rem;
      }
    `,
  ];
  declare doing: TrainingPhase;
  declare skippable: boolean;

  constructor() {
    super();
    new KeepFocus(this, () => this.renderRoot.querySelector('[role="status"]'));
  }

  override render() {
    const words = trainingWords().phases;
    const all = this.doing === 'examining' ? [...ALWAYS, this.doing] : ALWAYS;
    const now = all.indexOf(this.doing);
    return html`
      <ol aria-label=${words.label}>
        ${all.map(
          (phase, i) => html`<li aria-current=${i === now ? 'step' : nothing}>
            ${icon(i < now ? 'good' : i === now ? 'running' : 'waiting')}${words.names[phase]}
          </li>`,
        )}
      </ol>
      <div class="why">
        <span role="status" tabindex="-1">${words.why[this.doing]}</span>
        ${this.skippable ? html`<button class="quiet" @click=${this.#skip}>${words.skip}</button>` : nothing}
      </div>
    `;
  }

  #skip(): void {
    this.dispatchEvent(new Event('skip'));
  }
}

customElements.define('gp-phases', PhasesElement);
