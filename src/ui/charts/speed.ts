import { scaleLinear } from 'd3-scale';
import { svg } from 'lit';
import { unitsWords } from '../messages/units.en.ts';
import { roofAt, roofsOf, type TimedOp } from '../speed/timed-ops.ts';
import { areaOf, axes, fitted, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';

const ROW = 30;

/**
 * For each op the share of the rate that the roofs allow it, with the interval of its times. `ops`
 * is not empty.
 */
export function speedFigure(ops: readonly TimedOp[]): Figure {
  const charts = chartsWords();
  const units = unitsWords();
  const words = charts.shares;
  const shares = sharesOf(ops);
  return {
    caption: words.caption,
    description: words.description(
      shares.map(({ name, share }) => `${name} ${units.percent(share)}`),
    ),
    legend: [
      { mark: 'bar', ink: 's1', words: words.share },
      { mark: 'line', ink: 's2', words: words.interval },
    ],
    table: {
      columns: words.columns.map((label, i) =>
        i === 0 ? { label } : { label, format: { style: 'percent', maximumSignificantDigits: 3 } },
      ),
      rows: shares.map(({ name, share, from, to }) => [name, share, from, to]),
    },
    draw: (size) => draw(shares, size),
    height: () => shares.length * ROW + 70,
    file: 'gradproof-speed-shares',
  };
}

type Share = ReturnType<typeof sharesOf>[number];

function sharesOf(ops: readonly TimedOp[]) {
  const roofs = roofsOf(ops);
  return ops
    .map(({ name, flops, intensity, flopsPerSecond, interval: [fast, slow] }) => {
      const roof = roofAt(intensity, roofs);
      return {
        name,
        share: flopsPerSecond / roof,
        from: (1000 * flops) / slow / roof,
        to: (1000 * flops) / fast / roof,
      };
    })
    .sort((a, b) => b.share - a.share);
}

function draw(shares: readonly Share[], size: Size) {
  const charts = chartsWords();
  const units = unitsWords();
  const area = { ...areaOf(size, Math.min(200, size.width * 0.4)), top: 8 };
  const x = scaleLinear([0, Math.max(1, ...shares.map(({ to }) => to))], [area.left, area.right]);
  const middle = (row: number) => area.top + row * ROW + ROW / 2;
  return svg`
    ${axes(
      area,
      {
        ticks: x
          .ticks(Math.min(5, size.width / 90))
          .map((share) => ({ at: x(share), words: units.percent(share) })),
        label: charts.shares.axis,
      },
      {
        ticks: shares.map(({ name }, row) => ({ at: middle(row), words: fitted(name, area.left) })),
        label: '',
      },
    )}
    ${shares.map(
      (
        { share, from, to },
        row,
      ) => svg`<rect class="bar s1" x=${area.left} y=${middle(row) - 8} width=${x(share) - area.left} height="16" rx="2" />
        <line class="line s2" x1=${x(from)} x2=${x(to)} y1=${middle(row)} y2=${middle(row)} />`,
    )}
  `;
}
