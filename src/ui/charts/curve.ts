import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { nothing, svg } from 'lit';
import { unitsWords } from '../messages/units.en.ts';
import { MOST_POINTS, thinned } from '../train/chart-model.ts';
import { areaOf, axes, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';
import { stepTicks, valueTicks } from './ticks.ts';

/** A quantity over the steps of a run. */
export interface Curve {
  readonly caption: string;
  /** What is measured, with its unit. */
  readonly unit: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
  /** Steps of the whole run. */
  readonly steps: number;
  /** A value to compare with, and what it is. */
  readonly rule?: { readonly value: number; readonly words: string };
  /** Says a value with its unit. */
  readonly say: (value: number) => string;
  readonly file: string;
}

/** One quantity as a line from zero, with the value that it is compared with dashed. */
export function curveFigure(curve: Curve): Figure {
  const { caption, unit, points, rule, say, file } = curve;
  const { step, empty, last } = chartsWords().curve;
  const end = points.at(-1);
  return {
    caption,
    file,
    height: () => 200,
    description: end ? last(caption, say(end.value), end.step) : empty(caption),
    legend: rule ? [{ mark: 'rule', ink: 'back', words: rule.words }] : [],
    table: {
      columns: [{ label: step }, { label: unit }],
      rows: points.map((point) => [point.step, point.value]),
    },
    draw: (size) => draw(curve, size),
  };
}

function draw({ points, steps, rule, say }: Curve, size: Size) {
  const charts = chartsWords();
  const units = unitsWords();
  const area = { ...areaOf(size, 68), top: 12 };
  const top = Math.max(
    rule?.value ?? 0,
    ...thinned(points, MOST_POINTS, ({ value }) => value).map(({ value }) => value),
  );
  const x = scaleLinear([0, Math.max(1, steps)], [area.left, area.right]);
  const y = scaleLinear([0, top > 0 ? top * 1.05 : 1], [area.bottom, area.top]);
  const path = line<Curve['points'][number]>(
    ({ step }) => x(step),
    ({ value }) => y(value),
  )([...thinned(points, MOST_POINTS, ({ value }) => value)]);
  return svg`
    ${axes(
      area,
      {
        ticks: stepTicks(x, Math.min(6, size.width / 90), (step) => units.number(step)),
        label: charts.curve.step,
      },
      { ticks: valueTicks(y, 4, say), label: '' },
    )}
    ${rule ? svg`<line class="rule back" x1=${area.left} x2=${area.right} y1=${y(rule.value)} y2=${y(rule.value)} />` : nothing}
    ${path ? svg`<path class="line s1" d=${path} />` : nothing}
  `;
}
