import { scaleLog } from 'd3-scale';
import { svg } from 'lit';
import type { CaseResult } from '../../report/schema.ts';
import { unitsWords } from '../messages/units.en.ts';
import { type AccuracyModel, accuracyModel, SCALE } from '../speed/accuracy-model.ts';
import { areaOf, axes, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';

const ROW = 30;

/**
 * How near its bound every case came: for each family of ops where its cases lie on a logarithmic
 * scale, what is wrong as rings.
 */
export function accuracyFigure(results: readonly CaseResult[]): Figure {
  const model = accuracyModel(results);
  const charts = chartsWords();
  const units = unitsWords();
  const words = charts.accuracy;
  const [largest] = model.shares;
  const wrong = model.shares.filter(({ share }) => share > 1).length;
  return {
    caption: words.caption,
    description: words.description(
      model.shares.length,
      wrong,
      model.exact,
      largest ? units.percent(Math.min(largest.share, 1e6)) : '',
    ),
    legend: [
      { mark: 'bar', ink: 's1', words: words.right },
      { mark: 'rule', ink: 'back', words: words.bound },
      ...(wrong > 0 ? [{ mark: 'ring', ink: 's2', words: words.wrong } as const] : []),
    ],
    table: {
      columns: [
        { label: words.columns.id },
        { label: words.columns.share, format: { maximumSignificantDigits: 3 } },
        { label: words.columns.error },
        { label: words.columns.status },
      ],
      rows: model.shares.map(({ id, share, maxAbs, status }) => [
        id,
        share,
        maxAbs ?? undefined,
        status,
      ]),
    },
    draw: (size) => draw(model, size),
    height: () => model.families.length * ROW + 80,
    file: 'gradproof-error-against-bound',
  };
}

function draw({ families }: AccuracyModel, size: Size) {
  const charts = chartsWords();
  const units = unitsWords();
  const area = { ...areaOf(size, 88), top: 12 };
  const x = scaleLog([SCALE.from, SCALE.to], [area.left, area.right]);
  const most = Math.log1p(Math.max(1, ...families.flatMap(({ counts }) => counts)));
  const width = (area.right - area.left) / SCALE.bins;
  const baseOf = (row: number) => area.top + (row + 1) * ROW - 4;
  const every = size.width < 480 ? 2 : 1;
  const ticks = [-6, -5, -4, -3, -2, -1, 0, 1].filter((power) => (power + 6) % every === 0);
  return svg`
    ${axes(
      area,
      {
        ticks: ticks.map((power) => ({
          at: x(10 ** power),
          words:
            power < -3
              ? units.number(10 ** power, { notation: 'scientific' })
              : units.number(10 ** power),
        })),
        label: charts.accuracy.axis,
      },
      { ticks: families.map(({ name }, row) => ({ at: baseOf(row), words: name })), label: '' },
    )}
    ${families.map(({ counts, wrong }, row) => [
      ...counts.map((count, bin) => {
        const height = ((ROW - 8) * Math.log1p(count)) / most;
        return count === 0
          ? svg``
          : svg`<rect class="bar s1" x=${area.left + bin * width} y=${baseOf(row) - height} width=${Math.max(1, width - 0.5)} height=${height}><title>${charts.accuracy.bin(count)}</title></rect>`;
      }),
      ...wrong.map(
        ({ id, share }) =>
          svg`<circle class="ring s2" cx=${x(Math.min(SCALE.to, share))} cy=${baseOf(row) - 7} r="5"><title>${id}</title></circle>`,
      ),
    ])}
    <line class="rule back" x1=${x(1)} x2=${x(1)} y1=${area.top} y2=${area.bottom} />
  `;
}
