import { css, html, LitElement, nothing } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { keyed } from 'lit/directives/keyed.js';
import type { Source } from '../compare/compare-session.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { lazily } from '../controls/lazily.ts';
import { namedServers } from '../controls/served-address.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { DroppedFile } from '../drop/dropped-files.ts';
import { isLanguage, LANGUAGES, language, speak } from '../messages/language.ts';
import { withWords } from '../messages/words.ts';
import { announcement } from './announcement.ts';
import { App } from './app.ts';
import { frameWords } from './frame.en.ts';
import type { KeyRow } from './help.en.ts';
import { controlFor, press, shortcutOf, shortcutsOn, takesKeys } from './shortcuts.ts';
import { keyOfView } from './view.ts';
import { viewNamed, views } from './views.ts';
import '../check/check-view.ts';
import './navigation.ts';
import type { HelpSheet } from './help-sheet.ts';
import '../drop/page-drop.ts';

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
        width: min(100% - 2rem, var(--page-width));
        margin-inline: auto;
      }
      header {
        display: flex;
        align-items: center;
        gap: var(--space-3);
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
        inline-size: 1.75rem;
        block-size: 1.75rem;
      }
      @media (max-width: 48rem) {
        .brand span {
          position: absolute;
          clip-path: inset(50%);
        }
      }
      main {
        /* The footer begins below the first screen, so that nothing that is loaded can move it. */
        min-height: 100vh;
        padding-block: var(--space-6) var(--space-7);
      }
      footer {
        border-block-start: 1px solid var(--line);
        padding-block: var(--space-5) var(--space-6);
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        justify-content: space-between;
        gap: var(--space-3) var(--space-5);
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
      @media print {
        label,
        .skip {
          display: none;
        }
        main {
          min-height: 0;
          padding-block: 0;
        }
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
  readonly #app = new App(views);

  constructor() {
    super();
    const {
      router,
      shared,
      notice,
      bridge,
      run,
      learning,
      adapting,
      merging,
      timing,
      measuring,
      executing,
      offline,
    } = this.#app;
    new Follow(this, () => [
      language,
      router.address,
      shared,
      notice,
      offline,
      bridge.state,
      run.state,
      learning,
      adapting,
      merging,
      timing,
      measuring,
      executing,
    ]);
    // Another language makes all elements anew, another view those of the old one.
    new KeepFocus(this, (lost) =>
      this.renderRoot.querySelector<HTMLElement>(lost.localName === 'select' ? 'select' : 'main'),
    );
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#key);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#key);
  }

  override render() {
    const { bridge, router, offline } = this.#app;
    const shown = viewNamed(router.address.value.view);
    const frame = frameWords();
    // Elements are made anew in another language; what they show is kept by the app.
    return keyed(
      language.value,
      html`
        <header>
          <a class="skip" href="#main" @click=${this.#skip}>${frame.skip}</a>
          <span class="brand"><img src="./icon.svg" alt="" width="28" height="28" /><span>Gradproof</span></span>
          <gp-navigation .views=${views} .current=${shown.name} @go=${this.#go}></gp-navigation>
        </header>
        <main id="main" tabindex="-1" @comparerun=${this.#compareRun} @comparefile=${this.#compareFile}>
          ${this.#notice()} ${offline.value === 'newer' ? this.#newer() : nothing} ${this.#view()}
        </main>
        <footer>
          <p>${bridge.state.value.phase === 'absent' ? frame.inBrowser : frame.withPython} ${frame.private(namedServers())} ${offline.value === 'ready' ? frame.offline : ''}</p>
          <div class="row">
          <button class="quiet" aria-keyshortcuts="?" aria-haspopup="dialog" @click=${this.#help}>${frame.keyboard}</button>
          <label>
            ${frame.language}
            <select @change=${this.#speak}>
              ${Object.entries(LANGUAGES).map(
                ([tag, { name }]) =>
                  html`<option value=${tag} lang=${tag} ?selected=${tag === language.value}>${name}</option>`,
              )}
            </select>
          </label>
          </div>
        </footer>
        <gp-help-sheet></gp-help-sheet>
        <gp-page-drop @files=${this.#takeFiles}></gp-page-drop>
        <p class="visually-hidden" role="status">${announcement(this.#app)}</p>
      `,
    );
  }

  /** Views other than the first are loaded when they are first shown. */
  #view() {
    const { router, shared } = this.#app;
    const loading = html`<p class="muted">${frameWords().loading}</p>`;
    if (shared.value === 'reading') return html`<p class="muted">${frameWords().readingLink}</p>`;
    if (shared.value) {
      const value = shared.value;
      const leave = () => router.go({ view: 'check' });
      const compare = () => this.#compareLink();
      const view = html`<gp-shared-view .shared=${value} @leave=${leave} @compare=${compare}></gp-shared-view>`;
      return lazily('gp-shared-view', () => import('../share/shared-view.ts'), this, view, loading);
    }
    const { element, given, load } = viewNamed(router.address.value.view);
    const make = () => Object.assign(document.createElement(element), given(this.#app));
    const view = html`${guard([element], make)}`;
    return lazily(element, load && (() => load(this.#app)), this, view, loading);
  }

  #go({ detail: view }: CustomEvent<string>): void {
    this.#app.notice.value = '';
    this.#app.router.go({ view });
  }

  #notice() {
    const { value: text, offer } = this.#app.notice;
    if (!text) return nothing;
    const take = () => {
      this.#dismiss();
      offer?.take();
    };
    return html`<div class="tone warn notice" role="alert">
      <p>${text}</p>
      <div class="row">
        ${offer ? html`<button class="quiet" @click=${take}>${offer.words}</button>` : nothing}
        <button class="quiet" @click=${() => this.#dismiss()}>${frameWords().close}</button>
      </div>
    </div>`;
  }

  /** Never reloads by itself: a run may be going on. */
  #newer() {
    const frame = frameWords();
    return html`<div class="tone notice" role="status">
      <p>${frame.newer}</p>
      <button class="quiet" @click=${() => location.reload()}>${frame.reload}</button>
    </div>`;
  }

  #dismiss(): void {
    this.#app.notice.value = '';
  }

  override updated(): void {
    const { router, shared } = this.#app;
    const { title } = viewNamed(router.address.value.view).words[language.value];
    document.title = shared.value ? frameWords().sharedTitle : `Gradproof: ${title}`;
  }

  #speak(event: Event): void {
    const chosen = (event.target as HTMLSelectElement).value;
    if (isLanguage(chosen)) speak(chosen, true);
  }

  async #compareRun({ detail }: CustomEvent<string>): Promise<void> {
    const { comparison, history, router } = this.#app;
    const { compareRun } = await withWords(import('../compare/choose-to-compare.ts'));
    compareRun(detail, await comparison.get(), history, router);
    window.scrollTo({ top: 0 });
  }

  async #compareFile({ detail }: CustomEvent<File>): Promise<void> {
    await this.#compareSource({ kind: 'file', file: detail });
    window.scrollTo({ top: 0 });
  }

  #compareLink(): Promise<void> {
    return this.#compareSource({ kind: 'link', text: location.hash });
  }

  async #compareSource(source: Source): Promise<void> {
    const { comparison, router } = this.#app;
    const { compareWith } = await withWords(import('../compare/choose-to-compare.ts'));
    compareWith(source, await comparison.get(), router);
  }

  async #takeFiles({ detail }: CustomEvent<readonly DroppedFile[]>): Promise<void> {
    const { takeFiles } = await withWords(import('../drop/take-files.ts'));
    await takeFiles(detail, this.#app);
  }

  /** Loads the sheet when it is first asked for. */
  async #help(): Promise<void> {
    await withWords(import('./help-sheet.ts'));
    const sheet = this.renderRoot.querySelector<HelpSheet>('gp-help-sheet');
    if (!sheet) return;
    sheet.views = keysOfViews();
    await sheet.updateComplete;
    sheet.show();
  }

  readonly #key = (event: KeyboardEvent): void => {
    const key = shortcutOf(event);
    if (!key || takesKeys(event.composedPath()[0]) || !shortcutsOn()) return;
    const control = controlFor(key, this.renderRoot as ShadowRoot);
    if (!control) return;
    event.preventDefault();
    press(control);
  };

  #skip(event: MouseEvent): void {
    event.preventDefault();
    this.renderRoot.querySelector('main')?.focus();
  }
}

/** The key of each view, with its label as a part of a sentence. */
function keysOfViews(): readonly KeyRow[] {
  return views.flatMap((view): readonly KeyRow[] => {
    const key = keyOfView(view);
    const { label } = view.words[language.value];
    return key ? [[[key], label.charAt(0).toLowerCase() + label.slice(1)]] : [];
  });
}
