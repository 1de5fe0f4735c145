import { css, html, LitElement, nothing } from 'lit';
import { LIBRARIES } from '../../bench/contender.ts';
import { PEERS, PEERS_COMMAND, type PeerName } from '../../bench/peer-names.ts';
import { selectWorks } from '../../bench/select.ts';
import { base, controls } from '../controls/styles.ts';
import { benchWords } from './bench.en.ts';
import {
  type BenchChoice,
  type BenchNumber,
  filtersIn,
  numberIn,
  settingsIn,
} from './bench-choice.ts';
import type { BenchServer } from './bench-session.ts';
import type { KnownWorks } from './known-works.ts';

const NAMES: Readonly<Record<PeerName, string>> = {
  ort: LIBRARIES['ort-webgpu'],
  tfjs: LIBRARIES['tfjs-webgpu'],
  jax: LIBRARIES['jax-webgpu'],
};

/** A setting as it is typed, in any language. */
const SETTING = 'webgpu=eager';

/** What is timed, and beside whom. Fires `choose` with a BenchChoice. */
export class BenchFields extends LitElement {
  static override properties = {
    choice: { attribute: false },
    server: { attribute: false },
    works: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--space-5);
        grid-template-columns: minmax(0, 1fr);
      }
      .extents {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr));
        gap: var(--space-3);
      }
      legend {
        grid-column: 1 / -1;
      }
      .extents label {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 var(--space-2);
        align-content: start;
        padding: var(--space-3) var(--space-4);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        cursor: pointer;
      }
      .extents label:has(:checked) {
        border-color: var(--accent);
        box-shadow: inset 0 0 0 1px var(--accent);
      }
      .extents small {
        grid-column: 2;
        font-size: var(--text-s);
        color: var(--muted);
      }
      b {
        font-weight: 600;
      }
      input:is([type='radio'], [type='checkbox']) {
        min-height: 0;
        inline-size: 1.1rem;
        block-size: 1.1rem;
        margin: 0.2rem 0 0;
        flex: none;
        accent-color: var(--accent);
      }
      .peers label {
        display: inline-flex;
        gap: var(--space-2);
        min-height: 1.5rem;
      }
      .check {
        display: flex;
        gap: var(--space-2);
        margin-block-start: var(--space-3);
      }
      .peers .row {
        gap: var(--space-3) var(--space-5);
      }
      .field {
        display: grid;
        gap: var(--space-1);
        font-weight: 650;
      }
      .field input {
        font-family: var(--mono);
        font-weight: 400;
        inline-size: 100%;
      }
      .hint {
        min-block-size: 1lh;
        font-size: var(--text-s);
        font-weight: 400;
        color: var(--muted);
      }
      .numbers {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr));
        gap: var(--space-4);
        margin-block-start: var(--space-3);
      }
      p {
        margin-block-start: var(--space-2);
      }
    `,
  ];
  declare choice: BenchChoice;
  declare server: BenchServer | undefined;
  declare works: KnownWorks | undefined;

  override render() {
    const words = benchWords();
    const { quick } = this.choice;
    return html`
      <fieldset class="extents">
        <legend>${words.extent}</legend>
        ${([true, false] as const).map((isQuick) => {
          const { name, what } = words.extents[isQuick ? 'quick' : 'full'];
          return html`<label>
            <input type="radio" name="extent" .checked=${quick === isQuick} @change=${() => this.#choose({ quick: isQuick })} />
            <b>${name}</b><small>${what}</small>
          </label>`;
        })}
      </fieldset>
      ${this.#filter()} ${this.server ? this.#peers(this.server) : nothing}
      <details>
        <summary>${words.more}</summary>
        <div class="numbers">
          ${(['warmUp', 'samples'] as const).map((name) => this.#number(name))} ${this.#settings()}
        </div>
        ${(['measured', 'variants'] as const).map((name) => this.#check(name))}
      </details>
    `;
  }

  #filter() {
    const words = benchWords();
    const { quick, filter } = this.choice;
    const known = this.works?.works ?? [];
    const filters = filtersIn(filter);
    const all = selectWorks(known, { quick, filters: [] });
    const selected = selectWorks(all, { quick, filters });
    const elsewhere = quick ? selectWorks(known, { quick: false, filters }).length : 0;
    const suites = new Set(all.map(({ id }) => id.slice(0, id.indexOf(':'))));
    return html`<label class="field">
      ${words.filter}
      <input type="text" aria-keyshortcuts="/" list="suites" dir="ltr" spellcheck="false" autocapitalize="off" autocomplete="off" aria-describedby="selected" aria-invalid=${all.length > 0 && selected.length === 0} .value=${filter} @input=${(event: Event) => this.#choose({ filter: textOf(event) })} />
      <datalist id="suites">${[...suites].map((suite) => html`<option value="${suite}:*"></option>`)}</datalist>
      <span id="selected" class="hint">${words.filterHint(this.works ? selected.length : undefined, all.length, elsewhere)}</span>
    </label>`;
  }

  #peers({ peers }: BenchServer) {
    const words = benchWords();
    const { without } = this.choice;
    const missing = PEERS.filter((name) => !peers.includes(name));
    const turn = (name: PeerName, on: boolean) =>
      this.#choose({ without: on ? without.filter((one) => one !== name) : [...without, name] });
    return html`<fieldset class="peers">
      <legend>${words.peers}</legend>
      <div class="row">
        ${peers.map(
          (name) => html`<label>
            <input type="checkbox" .checked=${!without.includes(name)} @change=${(event: Event) => turn(name, (event.target as HTMLInputElement).checked)} />
            ${NAMES[name]}
          </label>`,
        )}
      </div>
      ${missing.length === 0 ? nothing : html`<p class="small muted">${words.peersMissing(missing.map((name) => NAMES[name]))} <code>${PEERS_COMMAND}</code></p>`}
    </fieldset>`;
  }

  #check(name: 'measured' | 'variants') {
    return html`<label class="check">
      <input type="checkbox" .checked=${this.choice[name]} @change=${(event: Event) => this.#choose({ [name]: (event.target as HTMLInputElement).checked })} />
      ${benchWords()[name]}
    </label>`;
  }

  #number(name: BenchNumber) {
    const words = benchWords();
    const text = this.choice[name];
    const isWrong = Number.isNaN(numberIn(name, text));
    return html`<label class="field">
      ${words.numbers[name]}
      <input type="text" inputmode="numeric" autocomplete="off" placeholder=${words.usual[name]} aria-describedby=${name} aria-invalid=${isWrong} .value=${text} @input=${(event: Event) => this.#choose({ [name]: textOf(event) })} />
      <span id=${name} class="hint" role=${isWrong ? 'alert' : nothing}>${isWrong ? words.numberWrong(name) : nothing}</span>
    </label>`;
  }

  #settings() {
    const words = benchWords();
    const { settings } = this.choice;
    const isWrong = settingsIn(settings) === undefined;
    return html`<label class="field">
      ${words.settings}
      <input type="text" dir="ltr" spellcheck="false" autocapitalize="off" autocomplete="off" placeholder=${SETTING} aria-describedby="settings" aria-invalid=${isWrong} .value=${settings} @input=${(event: Event) => this.#choose({ settings: textOf(event) })} />
      <span id="settings" class="hint" role=${isWrong ? 'alert' : nothing}>${isWrong ? words.settingsWrong : nothing}</span>
    </label>`;
  }

  #choose(change: Partial<BenchChoice>): void {
    const detail = { ...this.choice, ...change };
    this.dispatchEvent(new CustomEvent<BenchChoice>('choose', { detail }));
  }
}

const textOf = (event: Event) => (event.target as HTMLInputElement).value;

customElements.define('gp-bench-fields', BenchFields);
