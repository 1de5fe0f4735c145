import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../icons.ts';
import type { App } from '../state/app.ts';
import { keyOf, type RunState } from '../state/run-state.ts';
import { type Standing, type SuiteEntry, standingOf } from '../state/suite-list.ts';
import { plural } from '../state/words.ts';
import { base, controls } from '../styles.ts';
import './case.ts';
import './status.ts';

/** So many cases are drawn at first, and more when asked for. */
const PORTION = 100;

const SHOWN_COUNTS: readonly Standing[] = ['fail', 'error', 'timeout', 'lost', 'running', 'pass', 'skip'];

/** A suite with its counts, and its cases once it is opened. */
export class SuiteElement extends LitElement {
  static override properties = {
    suite: { attribute: false },
    app: { attribute: false },
    state: { attribute: false },
    open: { state: true },
    limit: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      h3 button {
        width: 100%;
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-start;
        gap: var(--space-1) var(--space-3);
        border: 0;
        border-radius: 0;
        background: none;
        text-align: start;
        padding: var(--space-3) var(--space-4);
      }
      h3 button > svg {
        flex: none;
        color: var(--muted);
        transition: transform var(--quick);
      }
      h3 button[aria-expanded='true'] > svg {
        transform: rotate(90deg);
      }
      :focus-visible {
        outline-offset: -3px;
      }
      .name {
        flex: 1 1 12rem;
        font-family: var(--mono);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }
      .counts {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-3);
      }
      li {
        border-top: 1px solid var(--line);
      }
      .more {
        padding: var(--space-3) var(--space-4);
      }
    `,
  ];
  declare suite: SuiteEntry;
  declare app: App;
  declare state: RunState;
  declare open: boolean;
  declare limit: number;

  constructor() {
    super();
    this.open = false;
    this.limit = PORTION;
  }

  override render() {
    const { name, entries } = this.suite;
    return html`
      <h3>
        <button aria-expanded=${this.open} aria-controls="cases" @click=${this.#toggle}>
          ${icon('caret')}<span class="name">${name}</span><span class="counts">${this.#counts()}</span>
        </button>
      </h3>
      <ul id="cases" ?hidden=${!this.open}>
        ${this.open ? repeat(entries.slice(0, this.limit), keyOf, (entry) => this.#case(entry)) : nothing}
        ${this.open && entries.length > this.limit ? this.#more(entries.length - this.limit) : nothing}
      </ul>
    `;
  }

  #toggle(): void {
    this.open = !this.open;
  }

  #counts() {
    const { counts, entries } = this.suite;
    const shown = SHOWN_COUNTS.filter((standing) => counts[standing]);
    if (shown.length === 0) return html`<span class="small muted">${plural(entries.length, 'check')}</span>`;
    return shown.map((standing) => html`<gp-status .standing=${standing} .count=${counts[standing]}></gp-status>`);
  }

  #case(entry: SuiteEntry['entries'][number]) {
    const key = keyOf(entry);
    const repeats = this.app.run.repeats.value;
    return html`<li>
      <gp-case
        .entry=${entry}
        .standing=${standingOf(entry, this.state)}
        .result=${this.state.results.get(key)}
        .files=${this.state.files.get(key) ?? []}
        .repeat=${repeats.get(key)}
        .repeating=${repeats.has(key) && repeats.get(key) === undefined}
        @repeatcase=${() => this.app.run.repeat(entry)}
      ></gp-case>
    </li>`;
  }

  #more(left: number) {
    return html`<li class="more">
      <button class="quiet" @click=${() => this.#grow()}>Show ${Math.min(left, PORTION)} more of ${left}</button>
    </li>`;
  }

  #grow(): void {
    this.limit += PORTION;
  }
}

customElements.define('gp-suite', SuiteElement);
