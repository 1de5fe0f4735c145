import { svg } from 'lit';
import type { SchemeTotal } from '../../quantizer/choosing/totals.ts';
import { bitTicks, schemePlot, schemeWords } from '../../report/scheme-plot.ts';
import { areaOf, axes, decades, LETTER, type Size } from '../charts/axes.ts';
import type { Figure } from '../charts/figure.ts';
import { unitsWords } from '../messages/units.en.ts';
import { quantizingWords } from './quantizing.en.ts';
import { schemeTable } from './scheme-columns.ts';

const PERCENT: Intl.NumberFormatOptions = { style: 'percent', maximumSignificantDigits: 1 };

/** Errors of the outputs over bits for each weight, with the front; `drawn` is not empty. */
export function schemeFigure(drawn: readonly SchemeTotal[]): Figure {
  const words = quantizingWords().figure;
  const front = drawn.filter(({ isOnFront }) => isOnFront).map(schemeWords);
  return {
    caption: words.caption,
    description: words.description(drawn.length, unitsWords().list(front)),
    legend: [
      { mark: 'dot', ink: 's1', words: words.onFront },
      { mark: 'ring', ink: 's2', words: words.behind },
      { mark: 'line', ink: 's1', words: words.line },
    ],
    table: schemeTable(drawn),
    draw: (size) => draw(drawn, size),
    height: (width) => Math.round(Math.min(460, Math.max(320, width * 0.6))),
    file: 'gradproof-quantizers',
  };
}

function draw(drawn: readonly SchemeTotal[], size: Size) {
  const words = quantizingWords().figure;
  const { number } = unitsWords();
  const area = areaOf(size, 60);
  const plot = schemePlot(drawn, area, (name) => name.length * LETTER);
  const { marks, front, xs, ys, xOf, yOf } = plot;
  return svg`
    ${axes(
      area,
      {
        ticks: bitTicks(xs, area.right - area.left).map((bits) => ({
          at: xOf(bits),
          words: number(bits),
        })),
        label: words.bits,
      },
      {
        ticks: decades(...ys, 2 * size.height).map(({ value }) => ({
          at: yOf(value),
          words: number(value, PERCENT),
        })),
        label: words.error,
      },
    )}
    <polyline class="line s1" points=${front.map((corner) => corner.join()).join(' ')} />
    ${marks.map(({ cx, cy, right, at }) => (at === cy ? svg`` : svg`<line class="leader" x1=${cx} y1=${cy} x2=${right ? cx + 9 : cx - 9} y2=${at} />`))}
    ${marks.toReversed().map(({ total, cx, cy }) => svg`<circle class=${total.isOnFront ? 'dot s1' : 'ring s2'} cx=${cx} cy=${cy} r=${total.isOnFront ? 5 : 3.5}><title>${schemeWords(total)}</title></circle>`)}
    ${marks.map(({ cx, name, right, at }) => (name === '' ? svg`` : svg`<text class="here" x=${right ? cx + 11 : cx - 11} y=${at} dy="0.32em" text-anchor=${right ? 'start' : 'end'}>${name}</text>`))}
  `;
}
