import { css, html, LitElement } from 'lit';
import type { LlamaStep } from '../../train/llama/progress.ts';
import { chartsWords } from '../charts/charts.en.ts';
import { type Curve, curveFigure } from '../charts/curve.ts';
import { runFigures } from '../charts/run-figures.ts';
import '../charts/figure.ts';
import { lossFigure } from '../charts/loss.ts';
import { base, panels } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { marksOf } from './happening.ts';
import { tuningWords } from './tuning.en.ts';
import { nats } from './tuning-answer.ts';
import type { TuningState } from './tuning-state.ts';
import { workersWords } from './workers.en.ts';
import './run-history.ts';

/** A run in numbers and figures: losses large, everything else small beside each other. */
export class TuningFigures extends LitElement {
  static override properties = { state: { attribute: false } };
  static override styles = [
    base,
    panels,
    runFigures,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-5);
      }
      .plots {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr));
        gap: var(--space-5);
      }
    `,
  ];
  declare state: TuningState;

  override render() {
    const { steps, heldout, start, happened } = this.state;
    const total = start?.steps ?? 0;
    const marks = marksOf(happened);
    const losses = lossFigure({ losses: steps, heldout, steps: total, per: 'token', marks });
    return html`
      ${this.#numbers()}
      <div class="panel"><gp-figure .figure=${losses}></gp-figure></div>
      <gp-run-history .happened=${happened}></gp-run-history>
      <div class="plots">
        ${curvesOf(this.state).map((curve) => html`<div class="panel"><gp-figure .figure=${curveFigure({ ...curve, steps: total })}></gp-figure></div>`)}
      </div>
    `;
  }

  #numbers() {
    const { number, bytes } = unitsWords();
    const words = tuningWords().figures;
    const { start, steps, heldout, judged, onReference } = this.state;
    const last = steps.at(-1);
    const unseen = heldout.at(-1);
    const told = <T>(value: T | undefined, say: (value: T) => string) =>
      value === undefined ? words.none : say(value);
    const figures = [
      [words.loss, told(last?.loss, nats)],
      [words.heldout, told(unseen?.loss, nats)],
      [words.pace, told(last?.tokensPerSecond, pace)],
      ...(onReference ? [] : [[words.memory, told(last?.peakBytes, bytes)] as const]),
      ...workerPeaks(last?.peakBytesOfWorkers),
      [words.texts, told(start, (told) => words.both(told.trainingRows, told.heldoutRows))],
      [words.trainable, told(start?.trainable, number)],
      [words.frozen, told(start?.frozen, number)],
      [words.judged, number(judged.length)],
    ];
    return html`<dl aria-label=${words.label}>
      ${figures.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}
    </dl>`;
  }
}

/** The memory of each worker, in the order of their ranks; nothing of one that trains by itself. */
function workerPeaks(peaks: readonly number[] | undefined): readonly (readonly [string, string])[] {
  if (!peaks) return [];
  const words = workersWords();
  return [[words.peaks, peaks.map((size, rank) => words.peakOf(rank, size)).join('; ')]];
}

const whole = (value: number) => unitsWords().number(value, { maximumFractionDigits: 0 });
/** A slow run makes less than a token a second. */
const pace = (value: number) => (value < 10 ? short(value) : whole(value));
const short = (value: number) => unitsWords().number(value, { maximumSignificantDigits: 3 });

/** Learning rate, gradient norm, tokens a second and memory over the steps. */
function curvesOf({ steps, start, onReference }: TuningState): readonly Omit<Curve, 'steps'>[] {
  const words = tuningWords().charts;
  const { memory } = chartsWords();
  const over = (value: (step: LlamaStep) => number | undefined) =>
    steps.flatMap((step) => {
      const y = value(step);
      return y === undefined || !Number.isFinite(y) ? [] : [{ step: step.step, value: y }];
    });
  const forecast = start && { value: start.bytesForecast, words: memory.forecast };
  const ofMemory = {
    ...{ caption: memory.caption, unit: memory.unit, say: unitsWords().bytes },
    ...{ file: 'gradproof-memory', points: over(({ bytes }) => bytes) },
    ...(forecast ? { rule: forecast } : {}),
  };
  return [
    {
      ...words.learningRate,
      ...{ say: short, file: 'gradproof-rate', points: over(({ learningRate }) => learningRate) },
    },
    {
      ...words.gradNorm,
      ...{ say: short, file: 'gradproof-norm', points: over(({ gradNorm }) => gradNorm) },
    },
    {
      ...words.pace,
      ...{ say: pace, file: 'gradproof-pace', points: over((step) => step.tokensPerSecond) },
    },
    ...(onReference ? [] : [ofMemory]),
  ];
}

customElements.define('gp-tuning-figures', TuningFigures);
