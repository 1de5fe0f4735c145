import { scaleLog } from 'd3-scale';
import { svg } from 'lit';
import type { PeerRatio } from '../../bench/ratios.ts';
import { areaOf, axes, fitted, LETTER, type Size } from '../charts/axes.ts';
import type { Figure } from '../charts/figure.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import { contenderWords, workName } from './contenders.ts';

const ROW = 26;
const BAR = 14;
/** Rows that are drawn; the table has all. */
const MOST_ROWS = 60;

/**
 * For each work a bar from 1, where both take alike long, to the fastest library's time by ours: to
 * the right where ours is faster. `ratios` is not empty.
 */
export function ratioFigure(ratios: readonly PeerRatio[]): Figure {
  const words = benchWords().ratios;
  const drawn = ratios.slice(0, MOST_ROWS);
  const faster = ratios.filter(({ ratio }) => ratio > 1).length;
  return {
    caption: words.caption,
    description: words.description(faster, ratios.length),
    legend: [
      { mark: 'bar', ink: 's1', words: words.faster },
      { mark: 'bar', ink: 's2', words: words.slower },
    ],
    table: {
      columns: words.columns.map((label) => ({ label })),
      rows: ratios.map(({ id, peer, peerMs, oursMs, ratio }) => [
        ...[workName(id), contenderWords(peer), peerMs, oursMs, ratio],
      ]),
    },
    draw: (size) => draw(drawn, size),
    height: () => drawn.length * ROW + 70,
    file: 'gradproof-bench-ratios',
  };
}

function draw(ratios: readonly PeerRatio[], size: Size) {
  const words = benchWords().ratios;
  const { number } = unitsWords();
  const area = { ...areaOf(size, Math.min(300, size.width * 0.4)), top: 8 };
  const values = ratios.map(({ ratio }) => ratio);
  const from = Math.min(0.5, ...values);
  const to = Math.max(2, ...values);
  // A figure stands beside each bar.
  const room = 5 * LETTER;
  const x = scaleLog([from, to], [area.left + room, area.right - room]);
  const middle = (row: number) => area.top + row * ROW + ROW / 2;
  const bar = (ratio: number, row: number) => {
    const start = x(Math.min(1, ratio));
    const end = x(Math.max(1, ratio));
    const isFaster = ratio > 1;
    return svg`<rect class="bar ${isFaster ? 's1' : 's2'}" x=${start} y=${middle(row) - BAR / 2} width=${end - start} height=${BAR} rx="2" />
      <text x=${isFaster ? end + 5 : start - 5} y=${middle(row)} dy="0.32em" text-anchor=${isFaster ? 'start' : 'end'}>${words.times(number(ratio, { maximumSignificantDigits: 3 }))}</text>`;
  };
  return svg`
    ${axes(
      area,
      {
        ticks: doublings(from, to, x(to) - x(from)).map((value) => ({
          at: x(value),
          words: number(value),
        })),
        label: words.axis,
      },
      {
        ticks: ratios.map(({ id }, row) => ({
          at: middle(row),
          words: fitted(workName(id), area.left),
        })),
        label: '',
      },
    )}
    ${ratios.map(({ id, ratio }, row) => svg`<g><title>${workName(id)}</title>${bar(ratio, row)}</g>`)}
    <line class="axis" x1=${x(1)} x2=${x(1)} y1=${area.top} y2=${area.bottom} />
  `;
}

/** Powers of two, and as few of them as there is room for; 1 is always among them. */
function doublings(from: number, to: number, width: number): readonly number[] {
  const least = Math.ceil(Math.log2(from));
  const powers = Array.from({ length: Math.floor(Math.log2(to)) - least + 1 }, (_, i) => least + i);
  const every = Math.ceil((powers.length * 45) / width);
  return powers.filter((power) => power % every === 0).map((power) => 2 ** power);
}
