import { nothing, svg } from 'lit';
import { unitsWords } from '../messages/units.en.ts';
import { chartModel } from '../train/chart-model.ts';
import type { LossPoint } from '../train/training-state.ts';
import type { Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';
import { notch } from './legend.ts';
import { lossPlane } from './loss-plane.ts';

/** What happened to a run after a step, as the figure marks it. */
export interface LossMark {
  readonly step: number;
  /**
   * It was kept or could not be, it went on from what was kept, its worker was gone, it made no
   * update, or it went back to what was kept.
   */
  readonly kind: 'checkpoint' | 'refused' | 'resumed' | 'lost' | 'skipped' | 'wentBack';
}

/** The losses of a fine-tuning run. */
export interface Losses {
  readonly losses: readonly LossPoint[];
  readonly heldout: readonly LossPoint[];
  /** What letter frequencies alone reach. */
  readonly unigram?: number | undefined;
  /** Where training begins, if that is known. */
  readonly begin?: number;
  /** What is predicted. Default bytes. */
  readonly per?: 'byte' | 'token';
  /** Steps of the whole run. */
  readonly steps: number;
  /** Default nothing happened. */
  readonly marks?: readonly LossMark[];
}

/** How each kind of mark is drawn, in the order of the legend. */
const MARKS = [
  { kind: 'checkpoint', mark: 'notch', ink: 'back' },
  { kind: 'refused', mark: 'notch', ink: 's2' },
  { kind: 'resumed', mark: 'rule', ink: 's3' },
  { kind: 'lost', mark: 'rule', ink: 's4' },
  { kind: 'skipped', mark: 'notch', ink: 's4' },
  { kind: 'wentBack', mark: 'rule', ink: 's2' },
] as const;

/**
 * Training loss as a line, held-out loss as rings, the letter-frequency baseline as a dashed line.
 */
export function lossFigure(data: Losses): Figure {
  const charts = chartsWords();
  const units = unitsWords();
  const words = charts.loss;
  const { losses, heldout, unigram, per = 'byte', marks = [] } = data;
  const { caption, description } = words.per[per];
  const { rows } = chartModel(losses, heldout, unigram, undefined);
  const first = losses[0];
  const last = losses.at(-1);
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return {
    caption,
    description:
      first && last
        ? description(
            units.number(first.loss, digits),
            units.number(first.step),
            units.number(last.loss, digits),
            units.number(last.step),
          )
        : words.empty,
    legend: [
      { mark: 'line', ink: 's1', words: words.training },
      { mark: 'ring', ink: 's2', words: words.heldout },
      ...(unigram === undefined
        ? []
        : [{ mark: 'rule', ink: 'back', words: words.unigram } as const]),
      ...MARKS.filter(({ kind }) => marks.some((mark) => mark.kind === kind)).map(
        ({ kind, mark, ink }) => ({ mark, ink, words: words.marks[kind] }),
      ),
    ],
    table: {
      columns: [
        { label: words.columns.step },
        {
          label: words.columns.loss,
          format: { minimumFractionDigits: 3, maximumFractionDigits: 3 },
        },
        {
          label: words.columns.heldout,
          format: { minimumFractionDigits: 3, maximumFractionDigits: 3 },
        },
      ],
      rows: rows.map(({ step, loss, heldout: unseen }) => [step, loss, unseen]),
    },
    draw: (size) => draw(data, size),
    file: 'gradproof-loss',
  };
}

function draw(data: Losses, size: Size) {
  const { losses, heldout, unigram, begin, per = 'byte', steps, marks = [] } = data;
  const { top, bottom } = chartModel(losses, heldout, unigram, begin);
  const { unit } = chartsWords().loss.per[per];
  const { area, x, y, axes, pathOf, placesOf } = lossPlane(size, { steps, top, bottom, unit });
  const path = pathOf(losses);
  return svg`
    ${axes}
    ${unigram === undefined ? nothing : svg`<line class="rule back" x1=${area.left} x2=${area.right} y1=${y(unigram)} y2=${y(unigram)} />`}
    ${MARKS.map(({ kind, mark: shape, ink }) =>
      marks
        .filter((mark) => mark.kind === kind)
        .map(({ step }) =>
          shape === 'notch'
            ? svg`<path class="dot ${ink}" d=${notch(x(step), area.bottom)} />`
            : svg`<line class="rule ${ink}" x1=${x(step)} x2=${x(step)} y1=${area.top} y2=${area.bottom} />`,
        ),
    )}
    ${path ? svg`<path class="line s1" d=${path} />` : nothing}
    ${placesOf(heldout).map(({ cx, cy }) => svg`<circle class="ring s2" cx=${cx} cy=${cy} r="4.5" />`)}
  `;
}
