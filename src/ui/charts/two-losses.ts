import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { nothing, svg } from 'lit';
import { unitsWords } from '../messages/units.en.ts';
import { chartModel, thinned } from '../train/chart-model.ts';
import type { LossPoint } from '../train/training-state.ts';
import { areaOf, axes, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';

/** The losses of a run, and what it is called. */
export interface NamedLosses {
  readonly name: string;
  readonly losses: readonly LossPoint[];
  readonly heldout: readonly LossPoint[];
}

/** Points of a line beyond which a screen shows no difference. */
const MOST_POINTS = 1200;

/** Losses of two runs over the same steps: the first as a line with dots, the second dashed with rings. */
export function twoLossesFigure(first: NamedLosses, second: NamedLosses): Figure {
  const charts = chartsWords();
  const words = charts.twoLosses;
  const format = { minimumFractionDigits: 3, maximumFractionDigits: 3 };
  const rows = [first, second].map(
    ({ losses, heldout }) =>
      new Map(chartModel(losses, heldout, undefined, undefined).rows.map((row) => [row.step, row])),
  );
  const steps = [...new Set(rows.flatMap((of) => [...of.keys()]))].sort((a, b) => a - b);
  return {
    caption: words.caption,
    description: words.description(first.name, second.name),
    legend: [
      { mark: 'line', ink: 's1', words: words.loss(first.name) },
      { mark: 'dot', ink: 's1', words: words.heldout(first.name) },
      { mark: 'rule', ink: 's2', words: words.loss(second.name) },
      { mark: 'ring', ink: 's2', words: words.heldout(second.name) },
    ],
    table: {
      columns: [
        { label: charts.loss.columns.step },
        ...[first, second].flatMap(({ name }) => [
          { label: words.loss(name), format },
          { label: words.heldout(name), format },
        ]),
      ],
      rows: steps.map((step) => [
        step,
        ...rows.flatMap((of) => [of.get(step)?.loss, of.get(step)?.heldout]),
      ]),
    },
    draw: (size) => draw(first, second, size),
    file: 'gradproof-losses',
  };
}

function draw(first: NamedLosses, second: NamedLosses, size: Size) {
  const charts = chartsWords();
  const units = unitsWords();
  const area = areaOf(size);
  const all = (of: 'losses' | 'heldout') => [...first[of], ...second[of]];
  const { top, bottom } = chartModel(all('losses'), all('heldout'), undefined, undefined);
  const last = Math.max(1, ...[...all('losses'), ...all('heldout')].map(({ step }) => step));
  const x = scaleLinear([0, last], [area.left, area.right]);
  const y = scaleLinear([bottom, top], [area.bottom, area.top]).nice(5);
  const isShown = ({ loss }: LossPoint) => Number.isFinite(loss);
  const way = ({ losses }: NamedLosses) =>
    line<LossPoint>(
      ({ step }) => x(step),
      ({ loss }) => y(loss),
    ).defined(isShown)([...thinned(losses, MOST_POINTS, ({ loss }) => loss)]);
  const curve = (run: NamedLosses, style: string, mark: string) => {
    const path = way(run);
    return svg`${path ? svg`<path class=${style} d=${path} />` : nothing}
      ${run.heldout.filter(isShown).map(({ step, loss }) => svg`<circle class=${mark} cx=${x(step)} cy=${y(loss)} r="4.5" />`)}`;
  };
  return svg`
    ${axes(
      area,
      {
        ticks: x
          .ticks(Math.min(8, size.width / 80))
          .map((step) => ({ at: x(step), words: units.number(step) })),
        label: charts.loss.step,
      },
      {
        ticks: y.ticks(5).map((loss) => ({
          at: y(loss),
          words: units.number(loss, { minimumFractionDigits: 1 }),
        })),
        label: charts.loss.per.token.unit,
      },
    )}
    ${curve(first, 'line s1', 'dot s1')} ${curve(second, 'rule s2', 'ring s2')}
  `;
}
