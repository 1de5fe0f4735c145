import { css, html, LitElement } from 'lit';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { base, controls } from '../controls/styles.ts';
import type { KnownFailuresSession } from './known-failures-session.ts';
import { listWords } from './list.en.ts';

/**
 * Which failures are known here: chosen as a file, or dropped on the page; kept until they are
 * forgotten.
 */
export class KnownFailuresElement extends LitElement {
  static override properties = { known: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      p,
      label {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-3);
        align-items: center;
        font-size: var(--text-s);
        color: var(--muted);
      }
      input {
        max-width: 100%;
      }
    `,
  ];
  declare known: KnownFailuresSession;

  constructor() {
    super();
    new Follow(this, () => [this.known.state]);
    new KeepFocus(this, () => this.renderRoot.querySelector<HTMLElement>('button, input'));
  }

  override render() {
    const known = this.known.state.value;
    const words = listWords().known;
    if (!known)
      return html`<label>${words.choose} <input type="file" accept=".json,application/json" @change=${this.#choose} /></label>`;
    return html`<p>
      ${words.kept(known.expectations.length, known.name)}
      <button class="quiet" @click=${() => this.known.forget()}>${words.forget}</button>
    </p>`;
  }

  async #choose(event: Event): Promise<void> {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    if (file) await this.known.take(file);
  }
}

customElements.define('gp-known-failures', KnownFailuresElement);
