import { css, html, LitElement, nothing } from 'lit';
import type { WorkersChoice } from '../../train/llama/sharding-faults.ts';
import { SHARDING_STRATEGIES } from '../../train/sharded/strategies.ts';
import { base, controls } from '../controls/styles.ts';
import { workersWords } from './workers.en.ts';

/** More of them would share one device and one processor. */
const MOST_WORKERS = 4;

/** Parts of a model are read in memory that workers share, which a page may not have. */
const { crossOriginIsolated } = globalThis;
const STRATEGIES = SHARDING_STRATEGIES.filter(
  (name) => crossOriginIsolated || name !== 'full_shard',
);

/**
 * How many workers train together, and what each of them holds. Fires `workers` with a
 * WorkersChoice, or undefined for one that trains by itself.
 */
export class WorkerChoice extends LitElement {
  static override properties = { choice: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr));
        gap: var(--space-4);
      }
      label {
        display: grid;
        gap: var(--space-1);
      }
      select {
        inline-size: 100%;
      }
      p {
        margin-block-start: var(--space-2);
      }
    `,
  ];
  declare choice: WorkersChoice | undefined;

  override render() {
    const words = workersWords();
    const { workers = 1, strategy = 'ddp' } = this.choice ?? {};
    const counts = Array.from({ length: MOST_WORKERS }, (_, i) => i + 1);
    return html`
      <div class="fields">
        <label>
          ${words.label}
          <select @change=${(event: Event) => this.#tell({ workers: Number(chosenIn(event)), strategy })}>
            ${counts.map((n) => html`<option value=${n} .selected=${n === workers}>${words.count(n)}</option>`)}
          </select>
        </label>
        ${
          workers > 1
            ? html`<label>
                ${words.each}
                <select @change=${(event: Event) => this.#tell({ workers, strategy: strategyOf(event) })}>
                  ${STRATEGIES.map((name) => html`<option value=${name} .selected=${name === strategy}>${words.strategies[name]}</option>`)}
                </select>
              </label>`
            : nothing
        }
      </div>
      ${workers > 1 ? html`<p class="small muted">${words.share(workers)} ${crossOriginIsolated ? nothing : words.unshared}</p>` : nothing}
    `;
  }

  #tell(choice: WorkersChoice): void {
    const detail = choice.workers > 1 ? choice : undefined;
    this.dispatchEvent(new CustomEvent('workers', { detail }));
  }
}

const chosenIn = (event: Event) => (event.target as HTMLSelectElement).value;

const strategyOf = (event: Event) =>
  SHARDING_STRATEGIES.find((name) => name === chosenIn(event)) ?? 'ddp';

customElements.define('gp-worker-choice', WorkerChoice);
