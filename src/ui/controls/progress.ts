import { css, html, LitElement } from 'lit';
import type { Replayed } from '../app/subject.ts';
import { type Span, spoken } from '../run/pace.ts';
import { progressWords } from './progress.en.ts';
import { base } from './styles.ts';

/** How far something is, with what is left of it in words. */
export class ProgressElement extends LitElement {
  static override properties = {
    label: {},
    noun: {},
    done: { type: Number },
    total: { type: Number },
    remaining: { attribute: false },
  };
  static override styles = [
    base,
    css`
      progress {
        display: block;
        width: 100%;
        height: 0.625rem;
        appearance: none;
        border: 1px solid var(--control-line);
        border-radius: 99px;
        background: var(--sunken);
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--sunken);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
        transition: inline-size var(--quick) linear;
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      p {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--space-4);
        margin-block-start: var(--space-2);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
  declare label: string;
  declare noun: Replayed | 'steps' | 'works' | 'measurements';
  declare done: number;
  declare total: number;
  declare remaining: Span | undefined;

  override render() {
    const progress = progressWords();
    const known = this.total > 0;
    return html`
      <progress aria-label=${this.label} max=${known ? this.total : 1} .value=${known ? this.done : 0}></progress>
      <p>
        <span>${known ? progress[this.noun](this.done, this.total) : progress.starting}</span>
        <span class="muted">${this.#left()}</span>
      </p>
    `;
  }

  /** Too early a guess misleads: the first cases compile, later ones do not. */
  #left(): string {
    if (this.remaining === undefined || this.done < Math.min(5, this.total / 10)) return '';
    return progressWords().left(spoken(this.remaining));
  }
}

customElements.define('gp-progress', ProgressElement);
