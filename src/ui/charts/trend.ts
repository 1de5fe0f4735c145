import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { nothing, svg } from 'lit';
import { listWords } from '../cases/list.en.ts';
import { measureOf, type TrendMeasure, type TrendPoint } from '../history/trend.ts';
import { unitsWords } from '../messages/units.en.ts';
import { areaOf, axes, type Size } from './axes.ts';
import type { Figure } from './figure.ts';
import { valueTicks } from './ticks.ts';
import { trendWords } from './trend.en.ts';

/** How a case did in run after run: what was measured as a line, a ring where it did not pass. */
export function trendFigure(points: readonly TrendPoint[]): Figure {
  const words = trendWords();
  const list = listWords();
  const units = unitsWords();
  const measure = measureOf(points);
  const { when, version, verdict, value } = words.trendColumns;
  const wrong = points.some(({ status }) => status !== 'pass');
  return {
    caption: words.trendOf[measure],
    description: describeTrend(points),
    legend: wrong
      ? [
          { mark: 'dot', ink: 's1', words: list.caseStates.pass },
          { mark: 'ring', ink: 's2', words: words.trendWrong },
        ]
      : [],
    table: {
      columns: [
        { label: when },
        { label: version },
        { label: verdict },
        ...(measure === 'status' ? [] : [{ label: value }]),
      ],
      rows: points.map((point) => [
        units.moment(point.startedAt),
        point.version,
        list.caseStates[point.status],
        ...(measure === 'status' ? [] : [valueWords(valueAt(point, measure), measure)]),
      ]),
    },
    draw: (size) => draw(points, measure, size),
    file: 'gradproof-trend',
    height: () => (measure === 'status' ? 110 : 170),
  };
}

/** "5 runs, right in each; time of each run: between 1.1 ms and 1.4 ms, 1.2 ms the last time". */
export function describeTrend(points: readonly TrendPoint[]): string {
  const { trendOf, trendRange, trendRuns } = trendWords();
  const measure = measureOf(points);
  const runs = trendRuns(points.length, points.filter(({ status }) => status === 'pass').length);
  const values = points
    .map((point) => valueAt(point, measure))
    .filter((value) => value !== undefined);
  const last = values.at(-1);
  if (measure === 'status' || last === undefined) return runs;
  const say = (value: number) => valueWords(value, measure);
  return `${runs}; ${trendOf[measure]}: ${trendRange(say(Math.min(...values)), say(Math.max(...values)), say(last))}`;
}

function draw(points: readonly TrendPoint[], measure: TrendMeasure, size: Size) {
  const list = listWords();
  const area = { ...areaOf(size, 68), top: 12 };
  const values = points.map((point) => valueAt(point, measure));
  const top = Math.max(0, ...values.filter((value) => value !== undefined));
  const x = scaleLinear([0, Math.max(1, points.length - 1)], [area.left + 12, area.right - 12]);
  const y = scaleLinear([0, top > 0 ? top * 1.1 : 1], [area.bottom, area.top]);
  const way = line<number | undefined>(
    (_, i) => x(i),
    (value) => y(value ?? 0),
  ).defined((value) => value !== undefined)(values);
  return svg`
    ${axes(
      area,
      { ticks: points.map((_, i) => ({ at: x(i), words: '' })), label: daysOf(points) },
      {
        ticks:
          measure === 'status'
            ? [{ at: y(1), words: list.caseStates.pass }]
            : valueTicks(y, 4, (at) => valueWords(at, measure)),
        label: '',
      },
    )}
    ${way ? svg`<path class="line s1" d=${way} />` : nothing}
    ${points.map(({ status }, i) => {
      if (status !== 'pass')
        return svg`<circle class="ring s2" cx=${x(i)} cy=${y(values[i] ?? 0)} r="4.5" />`;
      return values[i] === undefined
        ? nothing
        : svg`<circle class="dot s1" cx=${x(i)} cy=${y(values[i])} r="4.5" />`;
    })}
  `;
}

/** "Nov 3, 2026 – Nov 20, 2026". */
function daysOf(points: readonly TrendPoint[]): string {
  const days = points.map(({ startedAt }) =>
    unitsWords().day(startedAt.toISOString().slice(0, 10)),
  );
  return [...new Set([days[0], days.at(-1)])].join(' – ');
}

/** The measured value, or whether it passed as 1 or 0. */
function valueAt(point: TrendPoint, measure: TrendMeasure): number | undefined {
  const value = measure === 'status' ? Number(point.status === 'pass') : point[measure];
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function valueWords(value: number | undefined, measure: TrendMeasure): string {
  const units = unitsWords();
  if (value === undefined) return '–';
  return measure === 'medianMs' ? units.milliseconds(value) : units.percent(value);
}
