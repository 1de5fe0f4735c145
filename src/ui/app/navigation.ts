import { css, html, LitElement, nothing } from 'lit';
import { icon } from '../controls/icons.ts';
import { base, controls } from '../controls/styles.ts';
import { language } from '../messages/language.ts';
import { HOME } from './address.ts';
import { frameWords } from './frame.en.ts';
import { keyOfView, type View } from './view.ts';

/**
 * The views as one row of links, as many as there is room for; where that is not all of them, a
 * menu has every one. Fires `go` with the name of a view.
 */
export class NavigationElement extends LitElement {
  static override properties = {
    views: { attribute: false },
    current: {},
    room: { state: true },
    opened: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        flex: 1;
        min-inline-size: 0;
      }
      nav,
      .links {
        display: flex;
        flex-wrap: nowrap;
        align-items: center;
        gap: var(--space-1);
      }
      nav {
        justify-content: flex-end;
      }
      .links {
        min-inline-size: 0;
        overflow: clip;
        overflow-clip-margin: 6px;
      }
      .links > li {
        flex: none;
      }
      .links > .hidden {
        visibility: hidden;
      }
      a {
        display: block;
        padding: var(--space-2) var(--space-3);
        white-space: nowrap;
        color: var(--muted);
        text-decoration: none;
        border-radius: var(--radius-s);
        border-block-end: 2px solid transparent;
      }
      a:hover {
        color: var(--ink);
      }
      a[aria-current='page'] {
        color: var(--ink);
        font-weight: 600;
      }
      .links a[aria-current='page'],
      button.current {
        border-block-end-color: var(--accent);
        border-end-start-radius: 0;
        border-end-end-radius: 0;
      }
      .short {
        display: none;
      }
      button {
        flex: none;
        inline-size: 2.75rem;
        padding: 0;
        border-color: transparent;
        background: none;
      }
      .menu {
        position: fixed;
        inset: auto;
        min-inline-size: 14rem;
        max-inline-size: calc(100vw - 2rem);
        margin: 0;
        padding: var(--space-2);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        color: inherit;
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      .menu a {
        white-space: normal;
      }
      .menu a[aria-current='page'] {
        background: var(--sunken);
      }
      @media (max-width: 48rem) {
        .links a {
          padding-inline: var(--space-2);
        }
        .links .long {
          display: none;
        }
        .links .short {
          display: inline;
        }
      }
      @media (max-width: 24rem) {
        .links {
          gap: 0;
        }
        .links a {
          font-size: var(--text-s);
        }
      }
      @media (forced-colors: active) {
        a:not([aria-current='page']) {
          border-block-end-color: Canvas;
        }
      }
      @media print {
        nav {
          display: none;
        }
      }
    `,
  ];
  declare views: readonly View[];
  /** Name of the view that is shown. */
  declare current: string;
  /** How many links there is room for. */
  declare room: number;
  /** Whether the menu is open. */
  declare opened: boolean;
  readonly #resized = new ResizeObserver(() => this.#measure());

  constructor() {
    super();
    this.views = [];
    this.room = Number.POSITIVE_INFINITY;
    this.opened = false;
  }

  override firstUpdated(): void {
    this.#resized.observe(this);
    const row = this.renderRoot.querySelector('.links');
    for (const link of row?.children ?? []) this.#resized.observe(link);
  }

  override disconnectedCallback(): void {
    this.#resized.disconnect();
    super.disconnectedCallback();
  }

  override render() {
    const { views, all } = frameWords();
    const hidden = this.views.slice(this.room);
    const isAside = hidden.some(({ name }) => name === this.current);
    return html`<nav aria-label=${views}>
      <ul class="links">
        ${this.views.map((view, i) => html`<li class=${i < this.room ? '' : 'hidden'}>${this.#link(view)}</li>`)}
      </ul>
      ${hidden.length === 0 ? nothing : this.#menu(all, isAside)}
    </nav>`;
  }

  /** Escape and a click elsewhere close it. */
  #menu(label: string, isAside: boolean) {
    return html`<button
        class=${isAside ? 'current' : ''}
        popovertarget="menu"
        aria-label=${label}
        aria-expanded=${this.opened}
        aria-controls="menu"
      >${icon('menu', 20)}</button>
      <ul id="menu" class="menu" popover @beforetoggle=${this.#place} @toggle=${this.#toggled}>
        ${this.views.map((view) => html`<li>${this.#link(view)}</li>`)}
      </ul>`;
  }

  #link(view: View) {
    const { name, words } = view;
    const query = name === HOME ? '?' : `?view=${name}`;
    return html`<a href=${query} aria-keyshortcuts=${keyOfView(view) ?? nothing} aria-current=${name === this.current ? 'page' : nothing} @click=${(event: MouseEvent) => this.#go(event, name)}><span class="long">${words[language.value].label}</span><span class="short">${shortOf(view)}</span></a>`;
  }

  #go(event: MouseEvent, view: string): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.renderRoot.querySelector<HTMLElement>('.menu:popover-open')?.hidePopover();
    this.dispatchEvent(new CustomEvent<string>('go', { detail: view }));
  }

  /** The button of the menu takes room only where it is needed. */
  #measure(): void {
    const row = this.renderRoot.querySelector('.links');
    if (!row) return;
    const widths = [...row.children].map((link) => link.getBoundingClientRect().width);
    const gap = Number.parseFloat(getComputedStyle(row).columnGap) || 0;
    const all = this.clientWidth;
    const countIn = (room: number) => {
      let used = -gap;
      const fits = widths.findIndex((width) => {
        used += width + gap;
        return used > room;
      });
      return fits < 0 ? widths.length : fits;
    };
    const text = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const whole = countIn(all) === widths.length;
    this.room = whole ? widths.length : countIn(all - MENU_REM * text - gap);
  }

  /**
   * The menu is above everything, and stands where the button is when it opens; the focus does not
   * stay in what is closed.
   */
  #place({ newState, target }: ToggleEvent): void {
    const button = this.renderRoot.querySelector('button');
    if (!button) return;
    if (newState !== 'open') {
      if ((this.renderRoot as ShadowRoot).activeElement?.closest('.menu')) button.focus();
      return;
    }
    const { bottom, left, right } = button.getBoundingClientRect();
    const { clientWidth } = document.documentElement;
    const isRightToLeft = this.matches(':dir(rtl)');
    const { style } = target as HTMLElement;
    style.setProperty('inset-block-start', `${bottom + 4}px`);
    style.setProperty('inset-inline-end', `${isRightToLeft ? left : clientWidth - right}px`);
  }

  #toggled({ newState }: ToggleEvent): void {
    this.opened = newState === 'open';
  }
}

/** Width of the menu's button. */
const MENU_REM = 2.75;

function shortOf({ words }: View): string {
  const { label, short = label } = words[language.value];
  return short;
}

customElements.define('gp-navigation', NavigationElement);
