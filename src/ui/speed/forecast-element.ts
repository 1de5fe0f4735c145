import { css, html, LitElement, nothing } from 'lit';
import { Follow } from '../controls/follow.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { RunSession } from '../run/run-session.ts';
import { forecastWords } from './forecast.en.ts';
import {
  forecast,
  type MemoryFacts,
  measuredSpeed,
  memoryFacts,
  type SizeForecast,
  type Speed,
} from './forecast.ts';
import { RECIPE } from './model-needs.ts';
import type { SpeedSession } from './speed-session.ts';

const STEPS = 1000;

/**
 * Which model sizes could be fine-tuned here in 4 bits: memory by calculation, time by the speed
 * that was measured, and what that rests on.
 */
export class ForecastElement extends LitElement {
  static override properties = {
    run: { attribute: false },
    speed: { attribute: false },
    told: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      section {
        display: grid;
        gap: var(--space-4);
      }
      .scroll {
        overflow-x: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        padding: var(--space-2) var(--space-4) var(--space-2) 0;
        border-block-end: 1px solid var(--line);
        text-align: start;
        vertical-align: baseline;
        font-weight: 400;
      }
      thead th {
        font-size: var(--text-s);
        color: var(--muted);
      }
      tbody th {
        font-weight: 650;
      }
      tbody th .small {
        font-weight: 400;
      }
      .fits {
        color: var(--good);
        font-weight: 600;
      }
      .tight {
        color: var(--warn);
        font-weight: 600;
      }
      .too-large {
        color: var(--bad);
        font-weight: 600;
      }
      label {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-3);
        align-items: center;
      }
      input {
        width: 6rem;
      }
      details p {
        margin-block-start: var(--space-2);
        max-width: 44rem;
      }
      @media print {
        label {
          display: none;
        }
      }
      @media (max-width: 30rem) {
        thead {
          position: absolute;
          clip-path: inset(50%);
        }
        tr {
          display: block;
          padding-block: var(--space-3);
          border-block-end: 1px solid var(--line);
        }
        th,
        td {
          display: block;
          border: 0;
          padding: 0;
        }
        td::before {
          content: attr(data-label) ': ' / '';
          color: var(--muted);
        }
      }
    `,
  ];
  declare run: RunSession;
  declare speed: SpeedSession;
  /** What the field for the chip's memory holds. */
  declare told: string;

  constructor() {
    super();
    this.told = '';
    new Follow(this, () => [this.run.state, this.speed.state]);
  }

  override render() {
    const words = forecastWords();
    const speed = this.#speed;
    const memory = this.#memory;
    const columns = [words.size, words.memory, words.room, ...(speed ? [words.time] : [])];
    return html`<section class="panel" aria-labelledby="title">
      <h2 id="title">${words.title}</h2>
      <p>${words.lead}</p>
      <table>
        <thead>
          <tr>${columns.map((label) => html`<th scope="col">${label}</th>`)}</tr>
        </thead>
        <tbody>${forecast(memory, speed).map((size) => row(size))}</tbody>
      </table>
      ${this.#measure()}
      <label>
        ${words.memoryField}
        <input inputmode="decimal" .value=${this.told} aria-invalid=${this.told !== '' && this.#told === undefined} aria-describedby="judged" @input=${this.#tell} />
      </label>
      <p id="judged" class="small muted">${this.#judgedBy(memory)}</p>
      <details>
        <summary>${words.basis}</summary>
        <p class="small">${words.memoryBasis(RECIPE.tokens, RECIPE.rank)}</p>
        <p class="small">${speed ? words.speedBasis(speed.cases, gigaflops(speed.slowest), gigaflops(speed.fastest)) : words.noSpeed}</p>
        ${memory.largestBinding && memory.largestBuffer ? html`<p class="small">${words.limits(memory.largestBinding, memory.largestBuffer)}</p>` : nothing}
        <p class="small">${words.notOffered}</p>
      </details>
    </section>`;
  }

  get #speed(): Speed | undefined {
    const state = this.speed.state.value;
    return state.phase === 'known' ? measuredSpeed(state.report.results) : undefined;
  }

  get #memory(): MemoryFacts {
    const { deviceMemory } = navigator as Navigator & { deviceMemory?: number };
    return memoryFacts(this.run.state.value.environment?.limits ?? {}, deviceMemory, this.#told);
  }

  /** Bytes that the field names; undefined when it names none. */
  get #told(): number | undefined {
    const gigabytes = Number(this.told.replace(',', '.'));
    return this.told.trim() !== '' && gigabytes > 0 && gigabytes <= 10_000
      ? gigabytes * 2 ** 30
      : undefined;
  }

  #tell(event: Event): void {
    this.told = (event.target as HTMLInputElement).value;
  }

  #judgedBy({ told, device, capped }: MemoryFacts): string {
    const words = forecastWords();
    if (this.told.trim() !== '' && told === undefined) return words.memoryWrong;
    if (told !== undefined) return words.told(told);
    return device === undefined ? words.untold : words.device(device, capped === true);
  }

  #measure() {
    const { measure, measuring, measureFailed } = forecastWords();
    const state = this.speed.state.value;
    // Beside a run both would be slow.
    if (state.phase === 'known' || this.run.busy) return nothing;
    if (state.phase === 'measuring') return html`<p class="muted" role="status">${measuring}</p>`;
    return html`<div class="row">
      <button aria-keyshortcuts="M" @click=${() => this.speed.measure()}>${measure}</button>
      ${state.phase === 'failed' ? html`<p role="alert">${measureFailed(state.problem)}</p>` : nothing}
    </div>`;
  }
}

function row({ model, needs, room, split, secondsPerStep }: SizeForecast) {
  const words = forecastWords();
  const units = unitsWords();
  return html`<tr>
    <th scope="row">${words.parameters(model.size)} <span class="small muted">${words.like(model.example)}</span></th>
    <td data-label=${words.memory}>${units.bytes(needs.bytes)}</td>
    <td data-label=${words.room}><span class=${room}>${words.rooms[room]}</span>${split ? html` <span class="small muted">${words.split}</span>` : nothing}</td>
    ${secondsPerStep ? html`<td data-label=${words.time}>${units.span(secondsPerStep[0] * STEPS * 1000, secondsPerStep[1] * STEPS * 1000)}</td>` : nothing}
  </tr>`;
}

function gigaflops(flopsPerSecond: number): string {
  return unitsWords().number(flopsPerSecond / 1e9, { maximumSignificantDigits: 2 });
}

customElements.define('gp-forecast', ForecastElement);
