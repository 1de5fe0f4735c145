import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { Follow } from '../follow.ts';
import type { View } from '../state/address.ts';
import { announcement } from '../state/announcement.ts';
import { App } from '../state/app.ts';
import type { DroppedFile } from '../state/dropped-files.ts';
import { base, controls, panels } from '../styles.ts';
import './check-view.ts';
import './page-drop.ts';

const LAZY = {
  'gp-shared-view': () => import('./shared-view.ts'),
  'gp-train-view': () => import('./train-view.ts'),
};

const TITLES: Readonly<Record<View, string>> = {
  check: 'Gradproof: can this computer fine-tune a language model?',
  train: 'Gradproof: teach a small model your text',
};

/** The page: header, the view that the address names, footer, and the one live region. */
export class AppElement extends LitElement {
  static override styles = [
    base,
    controls,
    panels,
    css`
      header,
      main,
      footer {
        width: min(100% - 2rem, 62rem);
        margin-inline: auto;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-2) var(--space-5);
        padding-block: var(--space-4);
      }
      .brand {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
        font-weight: 680;
        letter-spacing: -0.01em;
      }
      .brand img {
        display: block;
      }
      nav ul {
        display: flex;
        gap: var(--space-1);
      }
      nav a {
        display: block;
        padding: var(--space-2) var(--space-3);
        color: var(--muted);
        text-decoration: none;
        border-radius: var(--radius-s);
        border-bottom: 2px solid transparent;
      }
      nav a:hover {
        color: var(--ink);
      }
      nav a[aria-current='page'] {
        color: var(--ink);
        font-weight: 600;
        border-bottom-color: var(--accent);
        border-end-start-radius: 0;
        border-end-end-radius: 0;
      }
      main {
        min-height: 70vh;
        padding-block: var(--space-6) var(--space-7);
      }
      footer {
        border-top: 1px solid var(--line);
        padding-block: var(--space-5) var(--space-6);
        color: var(--muted);
        font-size: var(--text-s);
      }
      .notice {
        margin-block-end: var(--space-5);
        display: flex;
        gap: var(--space-3);
        align-items: start;
        justify-content: space-between;
      }
      .skip:not(:focus) {
        position: absolute;
        clip-path: inset(50%);
      }
      .skip {
        position: absolute;
        z-index: 2;
        padding: var(--space-2) var(--space-4);
        background: var(--surface);
      }
    `,
  ];
  readonly #app = new App();

  constructor() {
    super();
    const { address, shared, notice, run, training } = this.#app;
    new Follow(this, () => [address, shared, notice, run.state, training.state]);
  }

  override render() {
    const { view } = this.#app.address.value;
    return html`
      <header>
        <a class="skip" href="#main" @click=${this.#skip}>Skip to the content</a>
        <span class="brand"><img src="./icon.svg" alt="" width="28" height="28" />Gradproof</span>
        <nav aria-label="Views">
          <ul>
            ${this.#link('check', view, 'Check this computer')} ${this.#link('train', view, 'Fine-tune')}
          </ul>
        </nav>
      </header>
      <main id="main" tabindex="-1">
        ${this.#notice()} ${this.#view()}
      </main>
      <footer>
        <p>Everything runs in this browser. Nothing is uploaded, and nothing is loaded from anywhere else.</p>
      </footer>
      <gp-page-drop @files=${this.#takeFiles}></gp-page-drop>
      <p class="visually-hidden" role="status">${announcement(this.#app)}</p>
    `;
  }

  #view() {
    const { address, shared } = this.#app;
    if (shared.value === 'reading') return html`<p class="muted">Reading the link…</p>`;
    if (shared.value) {
      const [value, leave] = [shared.value, () => this.#app.go({ view: 'check' })];
      return this.#lazily('gp-shared-view', html`<gp-shared-view .shared=${value} @leave=${leave}></gp-shared-view>`);
    }
    if (address.value.view === 'check') return html`<gp-check-view .app=${this.#app}></gp-check-view>`;
    return this.#lazily('gp-train-view', html`<gp-train-view .app=${this.#app}></gp-train-view>`);
  }

  /** Views other than the first are loaded when they are first shown. */
  #lazily(name: keyof typeof LAZY, view: TemplateResult): TemplateResult {
    if (customElements.get(name)) return view;
    LAZY[name]().then(() => this.requestUpdate());
    return html`<p class="muted">Loading…</p>`;
  }

  #link(target: View, view: View, words: string) {
    const query = target === 'train' ? '?view=train' : '?';
    return html`<li>
      <a href=${query} aria-current=${target === view ? 'page' : nothing} @click=${(event: MouseEvent) => this.#go(event, target)}>${words}</a>
    </li>`;
  }

  #go(event: MouseEvent, view: View): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.#app.notice.value = '';
    this.#app.go({ view });
  }

  #notice() {
    const text = this.#app.notice.value;
    if (!text) return nothing;
    return html`<div class="tone warn notice" role="alert">
      <p>${text}</p>
      <button class="quiet" @click=${() => this.#dismiss()}>Close</button>
    </div>`;
  }

  #dismiss(): void {
    this.#app.notice.value = '';
  }

  override updated(): void {
    const { address, shared } = this.#app;
    document.title = shared.value ? 'Gradproof: someone’s result' : TITLES[address.value.view];
  }

  #takeFiles(event: CustomEvent<readonly DroppedFile[]>): void {
    this.#app.take(event.detail);
  }

  #skip(event: MouseEvent): void {
    event.preventDefault();
    this.renderRoot.querySelector('main')?.focus();
  }
}

customElements.define('gp-app', AppElement);
