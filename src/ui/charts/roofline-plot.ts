import { scaleLog } from 'd3-scale';
import { nothing, svg } from 'lit';
import { type PlacedLabel, placedLabels } from '../../report/placed-labels.ts';
import { type Area, areaOf, axes, decades, fitted, LETTER, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';

/** Something that was timed, by its rate. */
export interface RooflineMark {
  /** Stands beside the mark where there is room; empty for none. */
  readonly name: string;
  readonly look: 'dot s1' | 'ring s2';
  /** Operations for each byte. */
  readonly intensity: number;
  /** Operations a second, in units of 10^9. */
  readonly gflops: number;
  /** From where to where that may lie; not drawn without it. */
  readonly interval?: readonly [low: number, high: number];
}

/** The highest rates: operations and bytes a second, in units of 10^9; one may be infinite, for none. */
interface RoofRates {
  readonly gflops: number;
  readonly gbps: number;
}

export function rooflineHeight(width: number): number {
  return Math.round(Math.min(380, Math.max(300, width * 0.6)));
}

/** Rates over operations a byte, both logarithmic, below the roofs. `marks` is not empty. */
export function drawRoofline(marks: readonly RooflineMark[], roofs: RoofRates, size: Size) {
  const charts = chartsWords();
  const area = areaOf(size, 56);
  const around = (values: readonly number[]) =>
    [Math.min(...values) / 2, Math.max(...values) * 2] as const;
  const xs = around(marks.map(({ intensity }) => intensity));
  const roofAt = (intensity: number) => Math.min(roofs.gflops, intensity * roofs.gbps);
  const rates = marks.flatMap(({ gflops, interval = [gflops, gflops] }) => interval);
  const ys = around([...rates, roofAt(xs[1])]);
  const x = scaleLog(xs, [area.left, area.right]);
  const y = scaleLog(ys, [area.bottom, area.top]);
  const ridge = roofs.gflops / roofs.gbps;
  const start = Math.max(xs[0], ys[0] / roofs.gbps);
  const roof = [start, Math.min(Math.max(ridge, start), xs[1]), xs[1]]
    .map((at) => `${x(at)},${y(roofAt(at))}`)
    .join(' ');
  const points = marks.map(({ name, look, intensity, gflops }) => ({
    ...{ name, look, cx: x(intensity), cy: y(gflops) },
  }));
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
    ${marks.map(({ intensity, interval }) =>
      interval
        ? svg`<line class="line s1" x1=${x(intensity)} x2=${x(intensity)} y1=${y(interval[0])} y2=${y(interval[1])} />`
        : nothing,
    )}
    ${placed(points, area).map(
      ({
        name,
        look,
        cx,
        cy,
        right,
        at,
      }) => svg`${at === cy ? nothing : svg`<line class="leader" x1=${cx} y1=${cy} x2=${right ? cx + 9 : cx - 9} y2=${at} />`}
        <circle class=${look} cx=${cx} cy=${cy} r=${look === 'dot s1' ? 5 : 3.5} />
        ${name === '' ? nothing : svg`<text class="here" x=${right ? cx + 11 : cx - 11} y=${at} dy="0.32em" text-anchor=${right ? 'start' : 'end'}>${name}</text>`}`,
    )}
  `;
}

/** The most that a label may take of the plot's width. */
const SHARE = 0.6;

interface Point extends Pick<RooflineMark, 'name' | 'look'> {
  readonly cx: number;
  readonly cy: number;
}

/** The points with their labels; the table has all names. */
function placed(points: readonly Point[], area: Area) {
  const width = SHARE * (area.right - area.left);
  const named = points.map((point) => ({ ...point, name: fitted(point.name, width) }));
  const labels = placedLabels(named, area, (name) => name.length * LETTER);
  return points.map((point, i) => ({ ...point, ...(labels[i] as PlacedLabel) }));
}
