import { css, html, LitElement, nothing } from 'lit';
import type { App } from '../app/app.ts';
import { Follow } from '../controls/follow.ts';
import { icon } from '../controls/icons.ts';
import { lazily } from '../controls/lazily.ts';
import { base, controls } from '../controls/styles.ts';
import { detailsWords } from './details.en.ts';

/** Everything behind the first screen, once it is asked for: it is loaded then. */
export class DetailsElement extends LitElement {
  static override properties = { app: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      .toggle {
        background: none;
        border: 0;
        padding-inline: 0;
        font-size: var(--text-m);
        font-weight: 650;
        letter-spacing: 0;
        color: var(--muted);
      }
      .toggle:hover:not(:disabled, [aria-disabled='true']) {
        background: none;
        color: var(--ink);
      }
      .toggle svg {
        transition: transform var(--quick);
      }
      .toggle[aria-expanded='true'] svg {
        transform: rotate(90deg);
      }
      @media print {
        h2 {
          display: none;
        }
      }
    `,
  ];
  declare app: App;
  #subject: 'plan' | 'recordings' | undefined;

  constructor() {
    super();
    new Follow(this, () => [this.app.run.state, this.app.detailed]);
  }

  /** A user who drops recordings wants to see each. */
  override willUpdate(): void {
    const { detailed, run } = this.app;
    const { subject } = run.state.value;
    if (this.#subject === 'plan' && subject === 'recordings') detailed.value = true;
    this.#subject = subject;
  }

  override render() {
    const open = this.app.detailed.value;
    const { title } = detailsWords();
    return html`
      <h2><button class="toggle" aria-keyshortcuts="D" aria-expanded=${open} aria-controls="body" @click=${this.#toggle}>${icon('caret')}${title}</button></h2>
      <section id="body" aria-label=${title} ?hidden=${!open}>${open ? lazily('gp-browse', () => import('./browse.ts'), this, html`<gp-browse .app=${this.app}></gp-browse>`) : nothing}</section>
    `;
  }

  #toggle(): void {
    this.app.detailed.value = !this.app.detailed.value;
  }
}

customElements.define('gp-details', DetailsElement);
