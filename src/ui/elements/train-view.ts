import { css, html, LitElement, nothing } from 'lit';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import { Follow } from '../follow.ts';
import type { App } from '../state/app.ts';
import { download } from '../state/download.ts';
import { findings } from '../state/preflight.ts';
import { type TrainingState, trainingVerdict } from '../state/training-state.ts';
import { bytesWords } from '../state/words.ts';
import { base, controls, panels } from '../styles.ts';
import './answer.ts';
import './found.ts';
import './loss-chart.ts';
import './progress.ts';
import './samples.ts';
import './text-drop.ts';

/** Fine-tuning on a text of one's own: choose, start, watch the loss fall, compare samples, save the adapter. */
export class TrainView extends LitElement {
  static override properties = { app: { attribute: false }, steps: { state: true } };
  static override styles = [
    base,
    controls,
    panels,
    css`
      .stack {
        display: grid;
        gap: var(--space-5);
        max-width: 46rem;
      }
      .lead {
        font-size: var(--text-l);
        color: var(--muted);
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-6);
        font-variant-numeric: tabular-nums;
      }
      dt {
        font-size: var(--text-s);
        color: var(--muted);
      }
      dd {
        font-size: var(--text-l);
      }
      input[type='number'] {
        width: 6.5rem;
      }
    `,
  ];
  declare app: App;
  declare steps: number;

  constructor() {
    super();
    this.steps = DEFAULT_TRAINING.steps;
    new Follow(this, () => [this.app.facts, this.app.training.state, this.app.training.text]);
  }

  override render() {
    const { facts, training } = this.app;
    const state = training.state.value;
    const busy = state.phase === 'starting' || state.phase === 'running' || state.phase === 'stopping';
    const blocked = facts.value !== undefined && findings(facts.value).some(({ weight }) => weight === 'blocks');
    return html`<div class="stack">
      <h1>Teach a small model your text</h1>
      <p class="lead">
        It reads the text letter by letter and learns to guess the next one, on this computer’s graphics chip. You see whether it learns,
        and how fast. The text stays here.
      </p>
      ${blocked ? html`<gp-found .facts=${facts.value}></gp-found>` : nothing}
      <gp-text-drop .text=${training.text.value} ?disabled=${busy} @text=${this.#takeText}></gp-text-drop>
      <div class="row">${this.#button(state, busy, blocked || !facts.value)}</div>
      ${state.phase === 'failed' ? html`<p class="tone bad" role="alert">${state.problem}</p>` : nothing}
      ${state.phase === 'idle' || (state.phase === 'failed' && !state.start) ? nothing : this.#live(state, busy)}
    </div>`;
  }

  #takeText(event: CustomEvent<NonNullable<App['training']['text']['value']>>): void {
    this.app.training.text.value = event.detail;
  }

  /** One button in one place, so that the focus stays on it when Start becomes Stop and Start again. */
  #button({ phase }: TrainingState, busy: boolean, blocked: boolean) {
    const disabled = busy ? phase === 'stopping' : blocked;
    return html`
      <button class="large ${busy ? '' : 'primary'}" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
        ${phase === 'stopping' ? 'Stopping…' : busy ? 'Stop' : phase === 'idle' ? 'Start' : 'Start again'}
      </button>
      ${
        busy
          ? nothing
          : html`<label class="row">
              <input type="number" min="1" max="100000" .value=${String(this.steps)} @change=${this.#chooseSteps} />
              <span class="muted">steps. Nothing is uploaded.</span>
            </label>`
      }
    `;
  }

  #press(busy: boolean): void {
    if (busy) this.app.training.stop();
    else this.app.training.start({ steps: this.steps, seed: DEFAULT_TRAINING.seed });
  }

  #chooseSteps(event: Event): void {
    const { valueAsNumber } = event.target as HTMLInputElement;
    if (Number.isInteger(valueAsNumber) && valueAsNumber > 0) this.steps = valueAsNumber;
  }

  #live(state: TrainingState, busy: boolean) {
    const { start, losses, heldout, report } = state;
    const steps = start?.steps ?? DEFAULT_TRAINING.steps;
    const result = report?.results[0];
    return html`
      ${state.phase === 'ended' ? html`<gp-answer .answer=${trainingVerdict(result, state)}>${this.#saveButtons(state)}</gp-answer>` : nothing}
      ${
        busy
          ? html`<gp-progress
              label="Progress of the fine-tuning"
              noun="steps"
              .done=${losses.at(-1)?.step ?? 0}
              .total=${start ? steps : 0}
              .remainingMs=${state.remainingMs}
            ></gp-progress>`
          : nothing
      }
      ${start ? this.#figures(state, start) : nothing}
      ${
        start
          ? html`<section class="panel" aria-label="Loss">
              <gp-loss-chart .losses=${losses} .heldout=${heldout} .unigram=${start.unigram} .steps=${steps}></gp-loss-chart>
            </section>`
          : nothing
      }
      ${state.before === undefined ? nothing : html`<gp-samples .prompt=${state.prompt} .textBefore=${state.before} .textAfter=${state.after}></gp-samples>`}
    `;
  }

  #figures({ msPerStep, losses }: TrainingState, start: NonNullable<TrainingState['start']>) {
    const figures = [
      ['Text', bytesWords(start.textBytes)],
      ['Numbers it learns', start.trainable.toLocaleString('en')],
      ['Numbers that stay', start.frozen.toLocaleString('en')],
      ['Memory', bytesWords(start.bytesForecast)],
      ['Loss', losses.at(-1)?.loss.toFixed(2) ?? '…'],
      ['A step takes', msPerStep === undefined ? '…' : `${msPerStep.toFixed(msPerStep < 10 ? 1 : 0)} ms`],
    ];
    return html`<dl>${figures.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
  }

  #saveButtons({ files }: TrainingState) {
    if (files.length === 0) return nothing;
    return html`<div>
      <div class="row">
        ${files.map(
          ({ name, data }) =>
            html`<button class="quiet" @click=${() => download(name, data, 'application/octet-stream')}>Save ${name}</button>`,
        )}
      </div>
    </div>`;
  }
}

customElements.define('gp-train-view', TrainView);
