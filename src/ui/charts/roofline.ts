import { scaleLog } from 'd3-scale';
import { svg } from 'lit';
import { unitsWords } from '../messages/units.en.ts';
import { type Roofs, roofAt, roofsOf, type TimedOp } from '../speed/timed-ops.ts';
import { type Area, areaOf, axes, decades, fitted, LETTER, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import type { Figure } from './figure.ts';

/**
 * Operations a second over operations a byte, both logarithmic, below the roofs that were reached
 * here. `ops` is not empty.
 */
export function rooflineFigure(ops: readonly TimedOp[]): Figure {
  const charts = chartsWords();
  const units = unitsWords();
  const words = charts.roofline;
  const roofs = roofsOf(ops);
  const giga = (value: number) => units.number(value / 1e9, { maximumSignificantDigits: 3 });
  return {
    caption: words.caption,
    description: words.description(
      ops.length,
      giga(roofs.flopsPerSecond),
      giga(roofs.bytesPerSecond),
    ),
    legend: [
      { mark: 'dot', ink: 's1', words: words.op },
      { mark: 'rule', ink: 'back', words: words.roof },
    ],
    table: {
      columns: words.columns.map((label) => ({ label })),
      rows: ops.map(
        ({ name, flops, bytes, intensity, ms, interval, flopsPerSecond, bytesPerSecond }) => [
          ...[name, flops, bytes, intensity, ms, interval[0], interval[1]],
          ...[flopsPerSecond / 1e9, bytesPerSecond / 1e9],
        ],
      ),
    },
    draw: (size) => draw(ops, roofs, size),
    height: (width) => Math.round(Math.min(380, Math.max(300, width * 0.6))),
    file: 'gradproof-roofline',
  };
}

function draw(ops: readonly TimedOp[], roofs: Roofs, size: Size) {
  const charts = chartsWords();
  const area = areaOf(size, 56);
  const around = (values: readonly number[]) =>
    [Math.min(...values) / 2, Math.max(...values) * 2] as const;
  const xs = around(ops.map(({ intensity }) => intensity));
  const ys = around(
    ops.flatMap(({ flops, interval: [fast, slow] }) => [flops / slow / 1e6, flops / fast / 1e6]),
  );
  const x = scaleLog(xs, [area.left, area.right]);
  const y = scaleLog(ys, [area.bottom, area.top]);
  const ridge = roofs.flopsPerSecond / roofs.bytesPerSecond;
  const points = ops.map(({ name, intensity, flopsPerSecond }) => ({
    name,
    cx: x(intensity),
    cy: y(flopsPerSecond / 1e9),
  }));
  const start = Math.max(xs[0], (ys[0] * 1e9) / roofs.bytesPerSecond);
  const roof = [start, Math.min(Math.max(ridge, start), xs[1]), xs[1]]
    .map((at) => `${x(at)},${y(roofAt(at, roofs) / 1e9)}`)
    .join(' ');
  return svg`
    ${axes(
      area,
      {
        ticks: decades(...xs, size.width).map(({ value, words }) => ({ at: x(value), words })),
        label: charts.roofline.intensity,
      },
      {
        ticks: decades(...ys, 2 * size.height).map(({ value, words }) => ({ at: y(value), words })),
        label: charts.roofline.rate,
      },
    )}
    <polyline class="rule back" points=${roof} />
    ${ops.map(
      ({ intensity, flops, interval: [fast, slow] }) =>
        svg`<line class="line s1" x1=${x(intensity)} x2=${x(intensity)} y1=${y(flops / slow / 1e6)} y2=${y(flops / fast / 1e6)} />`,
    )}
    ${placed(points, area).map(
      ({
        name,
        cx,
        cy,
        right,
        at,
      }) => svg`${at === cy ? '' : svg`<line class="leader" x1=${cx} y1=${cy} x2=${right ? cx + 9 : cx - 9} y2=${at} />`}
        <circle class="dot s1" cx=${cx} cy=${cy} r="5" />
        <text class="here" x=${right ? cx + 11 : cx - 11} y=${at} dy="0.32em" text-anchor=${right ? 'start' : 'end'}>${name}</text>`,
    )}
  `;
}

/** Height of a line of labels, about. */
const LINE = 15;
/** From a point to its label, and around a point, where no label stands. */
const GAP = 11;
/** The most that a label may take of the plot's width. */
const SHARE = 0.6;

interface Point {
  readonly name: string;
  readonly cx: number;
  readonly cy: number;
}

interface Box {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/**
 * Puts each label beside its point, on the side and at the height where nothing stands yet, as near
 * as there is room; the table has all names.
 */
function placed(points: readonly Point[], { left, right: edge, top, bottom }: Area) {
  const taken: Box[] = points.map(({ cx, cy }) => ({ from: cx - GAP, to: cx + GAP, at: cy }));
  const meets = (a: Box) =>
    taken.some((b) => b.from < a.to && a.from < b.to && Math.abs(b.at - a.at) < LINE);
  return points.map((point) => {
    const { cx, cy } = point;
    const name = fitted(point.name, SHARE * (edge - left));
    const width = name.length * LETTER;
    const places = Array.from(
      { length: 21 },
      (_, i) => cy + LINE * Math.ceil(i / 2) * (i % 2 === 0 ? 1 : -1),
    ).flatMap((at) =>
      [true, false].map((right) => ({
        right,
        at,
        from: right ? cx + GAP : cx - GAP - width,
        to: right ? cx + GAP + width : cx - GAP,
      })),
    );
    const free = places.find(
      (place) =>
        place.from >= left &&
        place.to <= edge &&
        place.at > top &&
        place.at < bottom - LINE / 2 &&
        !meets(place),
    );
    if (!free) return { cx, cy, name: '', right: true, at: cy };
    taken.push(free);
    return { cx, cy, name, right: free.right, at: free.at };
  });
}
