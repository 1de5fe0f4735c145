import { scaleLog } from 'd3-scale';
import { svg } from 'lit';
import type { SpeedPair, TimeSpan } from '../speed/speed-pairs.ts';
import { areaOf, axes, decades, fitted, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';

const ROW = 30;

/** Rows that are drawn; the table has all. */
const MOST_ROWS = 40;

/** What is compared, and how both sides and their spread are called. */
export interface PairWords {
  readonly caption: string;
  readonly first: string;
  readonly second: string;
  readonly spread: string;
  readonly file: string;
}

/**
 * Two times of each row on a logarithmic scale, each with where it may lie. `pairs` is not empty.
 */
export function pairsFigure(
  pairs: readonly SpeedPair[],
  { caption, first, second, spread, file }: PairWords,
): Figure {
  const { columns, description } = chartsWords().pairs;
  const drawn = pairs.slice(0, MOST_ROWS);
  const faster = pairs.filter((pair) => pair.second.medianMs < pair.first.medianMs).length;
  return {
    caption,
    description: description(pairs.length, faster, second),
    legend: [
      { mark: 'ring', ink: 's2', words: first },
      { mark: 'dot', ink: 's1', words: second },
      { mark: 'line', ink: 'back', words: spread },
    ],
    table: {
      columns: [columns.name, ...[first, second].flatMap((side) => columns.times(side))].map(
        (label) => ({ label }),
      ),
      rows: pairs.map(({ name, ...sides }) => [
        name,
        ...[sides.first, sides.second].flatMap(({ medianMs, lowMs, highMs }) => [
          medianMs,
          lowMs,
          highMs,
        ]),
      ]),
    },
    draw: (size) => draw(drawn, size),
    height: () => drawn.length * ROW + 70,
    file,
  };
}

function draw(pairs: readonly SpeedPair[], size: Size) {
  const charts = chartsWords();
  const area = { ...areaOf(size, Math.min(210, size.width * 0.4)), top: 8 };
  const values = pairs
    .flatMap(({ first, second }) => [...times(first), ...times(second)])
    .filter((value) => value > 0);
  const from = Math.min(...values) / 1.3;
  const to = Math.max(...values) * 1.3;
  const x = scaleLog([from, to], [area.left, area.right]).clamp(true);
  const middle = (row: number) => area.top + row * ROW + ROW / 2;
  // The second time stands a little lower, so that equal ones are both seen.
  const mark = (kind: 'ring s2' | 'dot s1', { medianMs, lowMs, highMs }: TimeSpan, y: number) =>
    svg`<line class="line back" x1=${x(Math.max(from, lowMs))} x2=${x(highMs)} y1=${y} y2=${y} /><circle class=${kind} cx=${x(medianMs)} cy=${y} r="4.5" />`;
  return svg`
    ${axes(
      area,
      {
        ticks: decades(from, to, size.width).map(({ value, words }) => ({ at: x(value), words })),
        label: charts.pairs.axis,
      },
      {
        ticks: pairs.map(({ name }, row) => ({
          at: middle(row),
          words: fitted(short(name), area.left),
        })),
        label: '',
      },
    )}
    ${pairs.map(({ name, first, second }, row) => svg`<g><title>${name}</title>${mark('ring s2', first, middle(row) - 4)}${mark('dot s1', second, middle(row) + 5)}</g>`)}
  `;
}

/** A case without the family of its suite. */
function short(name: string): string {
  return name.replace(/^[^:]*\.(?=[^.:]*:)/, '');
}

function times({ medianMs, lowMs, highMs }: TimeSpan): readonly number[] {
  return [medianMs, lowMs, highMs];
}
