import { css, html, LitElement, nothing } from 'lit';
import { methods } from '../../quantizer/registry.ts';
import type { SheetKey } from '../../sheet/columns.ts';
import { type MemoryFacts, memoryFacts } from '../../sheet/room.ts';
import { OPTIMIZERS } from '../../sheet/setup.ts';
import { sheetOf } from '../../sheet/sheet.ts';
import { measuredSpeed, type Speed } from '../../sheet/speed.ts';
import { formatAddress } from '../app/address.ts';
import type { Router } from '../app/router.ts';
import type { Facts } from '../check/preflight.ts';
import { Follow } from '../controls/follow.ts';
import type { Notice } from '../controls/notice.ts';
import type { Observable } from '../controls/observable.ts';
import type { Sorting } from '../controls/sortable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { RunSession } from '../run/run-session.ts';
import type { SpeedSession } from '../speed/speed-session.ts';
import { type Asked, readAsked } from './asked.ts';
import { sheetWords } from './sheet.en.ts';
import { takeConfig } from './take-config.ts';
import '../controls/copy-button.ts';
import '../speed/measure-speed.ts';
import './sheet-table.ts';

/** Fields that hold a number. */
const NUMBERS = ['rank', 'expansion', 'context', 'batch', 'examples', 'memory'] as const;
type NumberField = (typeof NUMBERS)[number];

/** Which models could be fine-tuned here, by how; all that is chosen stands in the address. */
export class SheetView extends LitElement {
  static override properties = {
    router: { attribute: false },
    facts: { attribute: false },
    run: { attribute: false },
    speed: { attribute: false },
    notice: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    panels,
    viewStyles,
    css`
      .stack {
        max-width: none;
      }
      .lead {
        max-width: var(--column);
      }
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(13rem, 100%), 1fr));
        gap: var(--space-4);
        align-items: end;
      }
      .fields label {
        display: grid;
        gap: var(--space-1);
      }
      :is(.fields input, .fields select) {
        inline-size: 100%;
      }
      .setup {
        display: grid;
        gap: var(--space-4);
      }
      details p {
        margin-block-start: var(--space-2);
        max-width: 44rem;
      }
      @media print {
        .setup button,
        .open {
          display: none;
        }
      }
    `,
  ];
  declare router: Router;
  declare facts: Observable<Facts | undefined>;
  declare run: RunSession;
  declare speed: SpeedSession;
  declare notice: Notice;

  constructor() {
    super();
    new Follow(this, () => [this.router.address, this.facts, this.speed.state]);
  }

  override render() {
    const words = sheetWords();
    const asked = readAsked(this.#texts);
    const { setup, own, sort, problems } = asked;
    const speed = this.#speed;
    const memory = this.#memory(asked);
    const link = new URL(formatAddress(this.router.address.value), location.href).href;
    return html`
      <div class="stack">
        <h1>${words.title}</h1>
        <p class="lead">${words.lead}</p>
        ${this.#setup(asked)}
        ${[...problems].map(([name, why]) => html`<p class="tone warn" role="status" lang="en" id="wrong-${name}">${why}</p>`)}
      </div>
      <div class="panel"><gp-sheet-table .rows=${sheetOf(setup, { memory, speed }, own)} .setup=${setup} .sort=${sort} @sort=${this.#sort}></gp-sheet-table></div>
      <div class="stack">
        ${this.facts.value?.adapter ? html`<gp-measure-speed .run=${this.run} .speed=${this.speed}></gp-measure-speed>` : nothing}
        <div class="row"><gp-copy-button words=${words.copy} .text=${link} @refused=${this.#refused}></gp-copy-button></div>
        <p class="small muted">${judgedBy(memory)}</p>
        ${basis(memory, speed)}
      </div>
    `;
  }

  #setup({ setup, own, problems }: Asked) {
    const words = sheetWords();
    const { method, quantZero, quantScale, optimizer, checkpointing } = setup;
    const number = (name: NumberField) => {
      const usual = name === 'memory' ? '' : String(setup[name]);
      const isWrong = problems.has(name);
      return html`<label>
        ${words.fields[name]}
        <input inputmode="decimal" autocomplete="off" .value=${this.#texts[name] ?? usual} aria-invalid=${isWrong} aria-describedby=${isWrong ? `wrong-${name}` : nothing} @change=${(event: Event) => this.#change(name, event)} />
      </label>`;
    };
    const choice = (
      name: 'method' | 'optimizer',
      options: Iterable<string>,
      chosen: string,
      told: (option: string) => string,
    ) => html`<label>
      ${words.fields[name]}
      <select @change=${(event: Event) => this.#change(name, event)}>
        ${[...options].map((option) => html`<option value=${option} .selected=${option === chosen}>${told(option)}</option>`)}
      </select>
    </label>`;
    const check = (name: string, isOn: boolean | undefined, text: string, off: string) =>
      html`<label class="check">
        <input type="checkbox" .checked=${isOn ?? false} @change=${(event: Event) => this.#set(name, (event.target as HTMLInputElement).checked ? 'on' : off)} />
        <span>${text}</span>
      </label>`;
    return html`<section class="panel setup" aria-labelledby="setup">
      <h2 id="setup" class="visually-hidden">${words.setup}</h2>
      <div class="fields">
        ${choice('method', methods.keys(), method, (name) => name)}
        ${choice('optimizer', OPTIMIZERS, optimizer, (name) => words.optimizers[name as keyof typeof words.optimizers])}
        ${NUMBERS.map(number)}
      </div>
      ${
        methods.get(method)?.metas
          ? [
              check('quant-zero', quantZero, words.quantZero, ''),
              check('quant-scale', quantScale, words.quantScale, ''),
            ]
          : nothing
      }
      ${check('checkpointing', checkpointing, words.checkpointing, 'off')}
      <p class="small muted">${words.hint}</p>
      <div class="row">
        <label class="button quiet open">
          ${words.choose}
          <input class="visually-hidden" type="file" accept=".json" @change=${this.#take} />
        </label>
        ${own ? html`<button class="quiet" @click=${() => this.#set('model', '')}>${words.forget}</button>` : nothing}
      </div>
    </section>`;
  }

  get #texts(): Readonly<Record<string, string>> {
    return this.router.address.value.sheet ?? {};
  }

  get #speed(): Speed | undefined {
    const state = this.speed.state.value;
    return state.phase === 'known' ? measuredSpeed(state.report.results) : undefined;
  }

  #memory({ memory }: Asked): MemoryFacts {
    const { deviceMemory } = navigator as Navigator & { deviceMemory?: number };
    const adapter = this.facts.value?.adapter;
    const limits = adapter
      ? {
          maxStorageBufferBindingSize: adapter.storageBindingBytes,
          maxBufferSize: adapter.bufferBytes,
        }
      : {};
    return memoryFacts(limits, deviceMemory, memory);
  }

  #change(name: string, event: Event): void {
    this.#set(name, (event.target as HTMLInputElement | HTMLSelectElement).value.trim());
  }

  /** What is empty is as usual, and the address does not say it; nor what another method lacks. */
  #set(name: string, text: string): void {
    const { [name]: _, ...others } = this.#texts;
    const { 'quant-zero': _zero, 'quant-scale': _scale, ...fewer } = others;
    const rest = name === 'method' ? fewer : others;
    this.router.go({ sheet: text === '' ? rest : { ...rest, [name]: text } }, true);
  }

  #sort({ detail: { key, descending } }: CustomEvent<Sorting<SheetKey>>): void {
    this.#set('sort', `${descending ? '-' : ''}${key}`);
  }

  async #take(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (file) await takeConfig(file, this.router, this.notice);
  }

  #refused(): void {
    this.notice.value = sheetWords().copyRefused;
  }
}

function judgedBy({ told, device, capped }: MemoryFacts): string {
  const words = sheetWords();
  if (told !== undefined) return words.told(told);
  return device === undefined ? words.untold : words.device(device, capped === true);
}

function basis({ largestBinding, largestBuffer }: MemoryFacts, speed: Speed | undefined) {
  const words = sheetWords();
  const lines = [
    words.memoryBasis,
    speed
      ? words.speedBasis(speed.cases, gigaflops(speed.slowest), gigaflops(speed.fastest))
      : words.noSpeed,
    largestBinding && largestBuffer ? words.limits(largestBinding, largestBuffer) : words.noLimits,
    words.notOffered,
  ];
  return html`<details>
    <summary>${words.basis}</summary>
    ${lines.map((line) => html`<p class="small">${line}</p>`)}
  </details>`;
}

function gigaflops(flopsPerSecond: number): string {
  return unitsWords().number(flopsPerSecond / 1e9, { maximumSignificantDigits: 2 });
}

customElements.define('gp-sheet-view', SheetView);
