import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { RunOptions } from '../../harness/events.ts';
import { matchesFilters } from '../../harness/filter.ts';
import { TIERS, type Tier } from '../../harness/report/schema.ts';
import { Follow } from '../follow.ts';
import { icon } from '../icons.ts';
import { filterText, optionsOf, parseFilterText } from '../state/address.ts';
import type { App } from '../state/app.ts';
import { bySuite, wrongFirst } from '../state/suite-list.ts';
import { plural } from '../state/words.ts';
import { base, controls, panels } from '../styles.ts';
import './suite.ts';

const TIER_WORDS: Readonly<Record<Tier, string>> = { quick: 'quick: a minute', full: 'full: ten minutes', slow: 'slow: an hour' };
const INCLUDED: Readonly<Record<Tier, readonly Tier[]>> = { quick: ['quick'], full: ['quick', 'full'], slow: TIERS };

/** Everything behind the first screen: which checks, how they went, and each in detail. The plan can be read without a graphics chip. */
export class DetailsElement extends LitElement {
  static override properties = { app: { attribute: false }, open: { state: true } };
  static override styles = [
    base,
    controls,
    panels,
    css`
      .toggle {
        background: none;
        border-color: transparent;
        padding-inline: 0;
        font-size: var(--text-m);
        letter-spacing: 0;
        color: var(--muted);
      }
      .toggle:hover:not(:disabled, [aria-disabled='true']) {
        border-color: transparent;
        background: none;
        color: var(--ink);
      }
      .toggle svg {
        transition: transform var(--quick);
      }
      .toggle[aria-expanded='true'] svg {
        transform: rotate(90deg);
      }
      form {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: var(--space-3) var(--space-4);
        align-items: end;
        margin-block: var(--space-3) var(--space-4);
      }
      label {
        display: grid;
        gap: var(--space-1);
        font-size: var(--text-s);
        color: var(--muted);
      }
      label input,
      label select {
        font-size: var(--text-m);
        color: var(--ink);
        width: 100%;
      }
      input {
        font-family: var(--mono);
      }
      .shown {
        margin-block-end: var(--space-2);
      }
      .hint {
        grid-column: 1 / -1;
      }
      ul {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        overflow: clip;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      @media (max-width: 34rem) {
        form {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
  declare app: App;
  declare open: boolean | undefined;
  #subject: 'plan' | 'recordings' = 'plan';

  constructor() {
    super();
    new Follow(this, () => [this.app.address, this.app.plan, this.app.run.state, this.app.run.repeats]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.open ??= Object.keys(this.app.address.value.options).length > 0;
  }

  /** Whoever drops recordings wants to see each. */
  override willUpdate(): void {
    const { subject } = this.app.run.state.value;
    if (subject !== this.#subject) this.open ||= subject === 'recordings';
    this.#subject = subject;
  }

  override updated(): void {
    if (this.open) this.app.loadPlan();
  }

  override render() {
    return html`
      <h2><button class="toggle" aria-expanded=${this.open === true} aria-controls="body" @click=${this.#toggle}>${icon('caret')}Details</button></h2>
      <section id="body" aria-label="Details" ?hidden=${!this.open}>${this.open ? this.#body() : nothing}</section>
    `;
  }

  #toggle(): void {
    this.open = !this.open;
  }

  #body() {
    const { plan, run, address } = this.app;
    const { tier, filters } = optionsOf(address.value);
    const state = run.state.value;
    const chosen = plan.value.filter((entry) => INCLUDED[tier].includes(entry.tier) && matchesFilters(entry.id, filters));
    const shown = state.phase === 'idle' || state.selected.length === 0 ? chosen : state.selected;
    const inOrder = bySuite(shown, state);
    // Only when all has ended: nothing moves under a person's pointer.
    const suites = state.phase === 'ended' ? wrongFirst(inOrder, state) : inOrder;
    return html`
      <form @submit=${this.#submit}>
        <label>
          How much
          <select @change=${this.#chooseTier}>
            ${TIERS.map((name) => html`<option value=${name} ?selected=${name === tier}>${TIER_WORDS[name]}</option>`)}
          </select>
        </label>
        <label>
          Which checks
          <input
            type="search"
            spellcheck="false"
            autocapitalize="off"
            autocomplete="off"
            placeholder="all, or a pattern such as ops.matmul.*"
            .value=${filterText(filters)}
            @input=${this.#filter}
          />
        </label>
        <p class="hint small muted">
          ${plan.value.length === 0 ? 'Reading the plan…' : `${chosen.length} of ${plural(plan.value.length, 'check')} chosen.`}
          ${chosen.length === 0 && plan.value.length > 0 ? this.#suggestion(filters) : nothing}
        </p>
      </form>
      ${state.phase !== 'idle' && state.subject === 'recordings' ? html`<p class="shown small muted">These are the recordings that were dropped:</p>` : nothing}
      <ul ?hidden=${shown.length === 0}>
        ${repeat(
          suites,
          ({ name }) => name,
          (suite) => html`<li><gp-suite .suite=${suite} .app=${this.app} .state=${state}></gp-suite></li>`,
        )}
      </ul>
    `;
  }

  /** A bare word is the usual mistake: patterns match the whole id. */
  #suggestion(filters: readonly string[]) {
    const wider = filters.map((glob) => (glob.includes('*') || glob.startsWith('!') ? glob : `*${glob}*`));
    if (!this.app.plan.value.some(({ id }) => matchesFilters(id, wider)))
      return html`A pattern matches the whole id, with * for any characters.`;
    return html`Did you mean
      <button class="quiet" type="button" @click=${() => this.#choose({ filters: wider })}>${filterText(wider)}</button>`;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
  }

  #chooseTier(event: Event): void {
    const tier = TIERS.find((name) => name === (event.target as HTMLSelectElement).value);
    if (tier) this.#choose({ tier });
  }

  #filter(event: InputEvent): void {
    this.#choose({ filters: parseFilterText((event.target as HTMLInputElement).value) });
  }

  #choose(change: Partial<RunOptions>): void {
    this.app.go({ options: { ...this.app.address.value.options, ...change } }, true);
  }
}

customElements.define('gp-details', DetailsElement);
