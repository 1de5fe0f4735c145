import { css, html, LitElement } from 'lit';
import { base, controls } from '../controls/styles.ts';
import { ROW_STATES, type RowState, type Shown } from './suite-rows.ts';
import { suitesWords } from './suites.en.ts';

/**
 * Chooses which rows are shown. Fires `show` with a {@link Shown}, and `turnall` with whether all
 * that are shown are to be open.
 */
export class SuitesFilter extends LitElement {
  static override properties = {
    shown: { attribute: false },
    names: { attribute: false },
    found: { type: Number },
    total: { type: Number },
    allOpen: { type: Boolean },
  };
  static override styles = [
    base,
    controls,
    css`
      form {
        display: grid;
        grid-template-columns: auto auto minmax(0, 1fr);
        gap: var(--space-3) var(--space-4);
        align-items: end;
      }
      label {
        display: grid;
        gap: var(--space-1);
        font-size: var(--text-s);
        color: var(--muted);
      }
      select,
      input {
        font-size: var(--text-m);
        color: var(--ink);
        inline-size: 100%;
      }
      .hint {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-2) var(--space-4);
      }
      @media (max-width: 40rem) {
        form {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
        .text {
          grid-column: 1 / -1;
        }
      }
      @media print {
        label {
          display: none;
        }
      }
    `,
  ];
  declare shown: Shown;
  /** The names of the suites. */
  declare names: readonly string[];
  declare found: number;
  declare total: number;
  /** Whether all that are shown are open. */
  declare allOpen: boolean;

  override render() {
    const { filter, suites, states, found, openAll, closeAll } = suitesWords();
    const { suite, state, text } = this.shown;
    return html`<form role="search" @submit=${(event: SubmitEvent) => event.preventDefault()}>
      <label>
        ${filter.suite}
        <select @change=${(event: Event) => this.#show({ suite: chosen(event) })}>
          <option value="" ?selected=${suite === ''}>${filter.allSuites}</option>
          ${this.names.map((name) => html`<option value=${name} ?selected=${name === suite}>${suites[name] ?? name}</option>`)}
        </select>
      </label>
      <label>
        ${filter.state}
        <select @change=${(event: Event) => this.#show({ state: chosen(event) as RowState | '' })}>
          <option value="" ?selected=${state === ''}>${filter.allStates}</option>
          ${ROW_STATES.map((name) => html`<option value=${name} ?selected=${name === state}>${states[name]}</option>`)}
        </select>
      </label>
      <label class="text">
        ${filter.text}
        <input
          type="search"
          .value=${text}
          placeholder=${filter.placeholder}
          spellcheck="false"
          autocomplete="off"
          @input=${(event: Event) => this.#show({ text: chosen(event) })}
        />
      </label>
      <div class="hint small muted">
        <p role="status">${found(this.found, this.total)}</p>
        <button class="quiet" type="button" ?disabled=${this.found === 0} @click=${() => this.dispatchEvent(new CustomEvent('turnall', { detail: !this.allOpen }))}>${this.allOpen ? closeAll : openAll}</button>
      </div>
    </form>`;
  }

  #show(change: Partial<Shown>): void {
    this.dispatchEvent(new CustomEvent<Shown>('show', { detail: { ...this.shown, ...change } }));
  }
}

function chosen({ currentTarget }: Event): string {
  return (currentTarget as HTMLInputElement | HTMLSelectElement).value;
}

customElements.define('gp-suites-filter', SuitesFilter);
