import { nothing, svg } from 'lit';
import { chartModel } from '../train/chart-model.ts';
import type { LossPoint } from '../train/training-state.ts';
import type { Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';
import { lossPlane } from './loss-plane.ts';

/** The losses of a run, and what it is called. */
export interface NamedLosses {
  readonly name: string;
  readonly losses: readonly LossPoint[];
  readonly heldout: readonly LossPoint[];
}

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
  const all = (of: 'losses' | 'heldout') => [...first[of], ...second[of]];
  const { top, bottom } = chartModel(all('losses'), all('heldout'), undefined, undefined);
  const steps = Math.max(...[...all('losses'), ...all('heldout')].map(({ step }) => step));
  const { unit } = chartsWords().loss.per.token;
  const { axes, pathOf, placesOf } = lossPlane(size, { steps, top, bottom, unit });
  const curve = (run: NamedLosses, style: string, mark: string) => {
    const path = pathOf(run.losses);
    return svg`${path ? svg`<path class=${style} d=${path} />` : nothing}
      ${placesOf(run.heldout).map(({ cx, cy }) => svg`<circle class=${mark} cx=${cx} cy=${cy} r="4.5" />`)}`;
  };
  return svg`
    ${axes}
    ${curve(first, 'line s1', 'dot s1')} ${curve(second, 'rule s2', 'ring s2')}
  `;
}
