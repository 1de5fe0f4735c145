import { css, html, LitElement, nothing } from 'lit';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import { chartsWords } from '../charts/charts.en.ts';
import { curveFigure } from '../charts/curve.ts';
import { runFigures } from '../charts/run-figures.ts';
import type { Facts } from '../check/preflight.ts';
import type { Observable } from '../controls/observable.ts';
import { unitsWords } from '../messages/units.en.ts';
import { trainingWords } from './training.en.ts';
import type { TrainingSession } from './training-session.ts';
import '../charts/figure.ts';
import { trainingAnswer } from '../../report/training-answer.ts';
import { lossFigure } from '../charts/loss.ts';
import { isBlocked } from '../check/preflight.ts';
import { download } from '../controls/download.ts';
import { Follow } from '../controls/follow.ts';
import { startBar } from '../controls/start-bar.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { saveReport } from '../reports/report-files.ts';
import { canPause } from './training-events.ts';
import type { TrainingState } from './training-state.ts';
import '../check/answer-element.ts';
import '../controls/progress.ts';
import './phases.ts';
import './samples.ts';
import type { StepsChoice } from './steps-choice.ts';
import './steps-choice.ts';
import './text-drop.ts';

const BUSY: ReadonlySet<TrainingState['phase']> = new Set([
  'starting',
  'running',
  'pausing',
  'paused',
  'stopping',
]);

/** The loss of uniform guessing among 256 bytes, where training begins. */
const GUESSING = Math.log(256);

/**
 * Fine-tuning of a model of bytes on a text of one's own: choose, start, watch the loss fall, compare
 * samples, save the adapter.
 */
export class ByteTraining extends LitElement {
  static override properties = {
    facts: { attribute: false },
    training: { attribute: false },
    steps: { state: true },
    measured: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    runFigures,
    startBar,
    css`
      .kept {
        display: grid;
        gap: var(--space-2);
      }
      .check {
        display: flex;
        align-items: baseline;
        gap: var(--space-2);
      }
      .check[hidden] {
        display: none;
      }
      @media print {
        gp-text-drop,
        gp-steps-choice,
        .check {
          display: none;
        }
      }
      .plots {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
        gap: var(--space-5);
      }
    `,
  ];
  declare facts: Observable<Facts | undefined>;
  declare training: TrainingSession;
  /** How many steps are chosen; undefined when it is none that can be run. */
  declare steps: number | undefined;
  /** Whether the run begins by measuring kernels. */
  declare measured: boolean;

  constructor() {
    super();
    this.steps = DEFAULT_TRAINING.steps;
    this.measured = false;
    new Follow(this, () => [this.facts, this.training.state, this.training.text]);
  }

  override render() {
    const { facts, training } = this;
    const words = trainingWords();
    const state = training.state.value;
    const busy = BUSY.has(state.phase);
    const blocked = facts.value !== undefined && isBlocked(facts.value);
    return html`<div class="choices">
      <p class="muted">${words.lead}</p>
      <gp-text-drop .text=${training.text.value} ?disabled=${busy} @text=${this.#takeText}></gp-text-drop>
      <gp-steps-choice ?hidden=${busy} .textBytes=${training.text.value?.bytes.byteLength} @steps=${this.#chooseSteps}></gp-steps-choice>
      <label class="check" ?hidden=${busy}>
        <input type="checkbox" .checked=${this.measured} @change=${this.#chooseMeasured} />
        ${words.measured}
      </label>
      <div class="bar"><div class="row">${this.#buttons(state, busy, blocked || !facts.value)}</div></div>
      ${state.phase === 'failed' ? html`<p class="tone bad" role="alert" lang="en">${state.problem}</p>` : nothing}
      ${state.phase === 'idle' || (state.phase === 'failed' && !state.start) ? nothing : this.#live(state, busy)}
    </div>`;
  }

  #takeText(event: CustomEvent<File>): void {
    this.training.take(event.detail);
  }

  #chooseSteps(event: Event): void {
    this.steps = (event.target as StepsChoice).steps;
  }

  #chooseMeasured(event: Event): void {
    this.measured = (event.target as HTMLInputElement).checked;
  }

  /**
   * One button in one place, so that the focus stays on it when Start becomes Stop and Start again;
   * beside it the pause.
   */
  #buttons({ phase, doing }: TrainingState, busy: boolean, blocked: boolean) {
    const words = trainingWords();
    const disabled = busy ? phase === 'stopping' : blocked || this.steps === undefined;
    const paused = phase === 'paused' || phase === 'pausing';
    return html`
      <button class="large ${busy ? '' : 'primary'}" aria-keyshortcuts="R" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
        ${phase === 'stopping' ? words.stopping : busy ? words.stop : phase === 'idle' ? words.start : words.again}
      </button>
      ${
        paused || (phase === 'running' && canPause(doing))
          ? html`<button class="large" aria-keyshortcuts="P" @click=${() => (paused ? this.training.resume() : this.training.pause())}>
              ${phase === 'paused' ? words.goOn : phase === 'pausing' ? words.pausing : words.pause}
            </button>`
          : nothing
      }
    `;
  }

  #press(busy: boolean): void {
    if (busy) this.training.stop();
    else if (this.steps !== undefined)
      this.training.start({
        steps: this.steps,
        seed: DEFAULT_TRAINING.seed,
        measured: (this.measured && this.facts.value?.adapter) || undefined,
      });
  }

  #live(state: TrainingState, busy: boolean) {
    const { start, losses, report, phase } = state;
    const words = trainingWords();
    const step = losses.at(-1)?.step ?? 0;
    return html`
      ${state.measures ? html`<p class="tone" role="status">${words.measuring}</p>` : nothing}
      ${phase === 'ended' && report ? html`<gp-answer .answer=${trainingAnswer(report, words.verdict)}>${this.#files(state)}</gp-answer>` : nothing}
      ${phase === 'paused' ? html`<p class="tone">${words.pausedAt(step)}</p>` : nothing}
      ${
        busy && state.doing
          ? html`<gp-phases .doing=${state.doing} ?skippable=${phase === 'running' && state.skippable} @skip=${() => this.training.skip()}></gp-phases>`
          : nothing
      }
      ${
        busy && phase !== 'paused' && (!state.doing || canPause(state.doing))
          ? html`<gp-progress
              label=${words.progress}
              noun="steps"
              .done=${step}
              .total=${start ? start.steps : 0}
              .remaining=${state.remainingMs === undefined ? undefined : { low: state.remainingMs, high: state.remainingMs }}
            ></gp-progress>`
          : nothing
      }
      ${start ? html`${this.#figures(state, start)} ${this.#plots(state, start)}` : nothing}
      ${
        state.before === undefined
          ? nothing
          : html`<gp-samples .prompt=${state.prompt} .textBefore=${state.before} .textAfter=${state.after}></gp-samples>`
      }
    `;
  }

  #figures({ msPerStep, losses, judged, peakBytes }: TrainingState, start: Start) {
    const units = unitsWords();
    const training = trainingWords();
    const words = training.figures;
    const last = losses.at(-1);
    const figures = [
      [words.text, units.bytes(start.textBytes)],
      [words.trainable, units.number(start.trainable)],
      [words.frozen, units.number(start.frozen)],
      [words.memory, peakBytes === undefined ? words.none : units.bytes(peakBytes)],
      [words.memoryNow, last ? units.bytes(last.bytes) : words.none],
      [
        words.loss,
        last
          ? units.number(last.loss, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
          : words.none,
      ],
      [words.step, msPerStep === undefined ? words.none : units.milliseconds(msPerStep)],
      [words.judged, units.number(judged.length)],
    ];
    return html`<dl aria-label=${words.label}>${figures.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
  }

  #plots({ losses, heldout }: TrainingState, { unigram, steps, bytesForecast }: Start) {
    const charts = chartsWords();
    const units = unitsWords();
    const speed = curveFigure({
      caption: charts.speed.caption,
      unit: charts.speed.unit,
      steps,
      say: units.milliseconds,
      file: 'gradproof-speed',
      points: losses.flatMap(({ step, msPerStep }) =>
        msPerStep === undefined ? [] : { step, value: msPerStep },
      ),
    });
    const memory = curveFigure({
      caption: charts.memory.caption,
      unit: charts.memory.unit,
      steps,
      say: units.bytes,
      file: 'gradproof-memory',
      points: losses.map(({ step, bytes }) => ({ step, value: bytes })),
      rule: { value: bytesForecast, words: charts.memory.forecast },
    });
    return html`
      <div class="panel"><gp-figure .figure=${lossFigure({ losses, heldout, unigram, begin: GUESSING, steps })}></gp-figure></div>
      <div class="plots">
        <div class="panel"><gp-figure .figure=${speed}></gp-figure></div>
        <div class="panel"><gp-figure .figure=${memory}></gp-figure></div>
      </div>
    `;
  }

  #files({ files, report }: TrainingState) {
    const words = trainingWords();
    if (!report) return nothing;
    return html`<div class="kept">
      ${files.length === 0 ? nothing : html`<h3>${words.files}</h3><p class="small">${words.filesLead}</p>`}
      <div class="row">
        ${files.map(
          ({ name, data }) =>
            html`<button class="quiet" @click=${() => download(name, data, 'application/octet-stream')}>${words.save(name)}</button>`,
        )}
        <button class="quiet" @click=${() => saveReport(report, 'json')}>${words.saveReport}</button>
      </div>
    </div>`;
  }
}

type Start = NonNullable<TrainingState['start']>;

customElements.define('gp-byte-training', ByteTraining);
