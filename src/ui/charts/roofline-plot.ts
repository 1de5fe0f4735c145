import { scaleLog } from 'd3-scale';
import { nothing, svg } from 'lit';
import { type PlacedLabel, placedLabels, type Taken } from '../../report/placed-labels.ts';
import { type Area, areaOf, axes, decades, fitted, LETTER, type Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';

/** Something that was timed, by its rate. */
export interface RooflineMark {
  /** Whose name stands beside it where there is room is for the plot to choose. */
  readonly name: string;
  /** Whether it may. */
  readonly isNamed: boolean;
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
  const around = (values: readonly number[]) =>
    [Math.min(...values) / 2, Math.max(...values) * 2] as const;
  const xs = around(marks.map(({ intensity }) => intensity));
  const roofAt = (intensity: number) => Math.min(roofs.gflops, intensity * roofs.gbps);
  const rates = marks.flatMap(({ gflops, interval = [gflops, gflops] }) => interval);
  const ys = around([...rates, roofAt(xs[1])]);
  const rateTicks = decades(...ys, 2 * size.height);
  const longest = Math.max(...rateTicks.map(({ words }) => words.length));
  const area = areaOf(size, Math.max(56, longest * LETTER + 14));
  const x = scaleLog(xs, [area.left, area.right]);
  const y = scaleLog(ys, [area.bottom, area.top]);
  const ridge = roofs.gflops / roofs.gbps;
  const start = Math.max(xs[0], ys[0] / roofs.gbps);
  const roof = [start, Math.min(Math.max(ridge, start), xs[1]), xs[1]].map(
    (at) => [x(at), y(roofAt(at))] as const,
  );
  const named = telling(marks, roofAt, Math.round((area.right - area.left) / ROOM_OF_PAIR));
  const points = marks.map((mark) => ({
    ...{ name: named.has(mark) ? mark.name : '', title: mark.name, look: mark.look },
    ...{ cx: x(mark.intensity), cy: y(mark.gflops) },
  }));
  return svg`
    ${axes(
      area,
      {
        ticks: decades(...xs, size.width).map(({ value, words }) => ({ at: x(value), words })),
        label: charts.roofline.intensity,
      },
      {
        ticks: rateTicks.map(({ value, words }) => ({ at: y(value), words })),
        label: charts.roofline.rate,
      },
    )}
    <polyline class="rule back" points=${roof.map((corner) => corner.join()).join(' ')} />
    ${marks.map(({ intensity, interval }) =>
      interval
        ? svg`<line class="line s1" x1=${x(intensity)} x2=${x(intensity)} y1=${y(interval[0])} y2=${y(interval[1])} />`
        : nothing,
    )}
    ${placed(points, area, roof).map(
      ({
        name,
        title,
        look,
        cx,
        cy,
        right,
        at,
      }) => svg`${at === cy ? nothing : svg`<line class="leader" x1=${cx} y1=${cy} x2=${right ? cx + 9 : cx - 9} y2=${at} />`}
        <circle class=${look} cx=${cx} cy=${cy} r=${look === 'dot s1' ? 5 : 3.5}><title>${title}</title></circle>
        ${name === '' ? nothing : svg`<text class="here" x=${right ? cx + 11 : cx - 11} y=${at} dy="0.32em" text-anchor=${right ? 'start' : 'end'}>${name}</text>`}`,
    )}
  `;
}

/** Width of a plot for each pair of names: one near the roof, and one far below it. */
const ROOM_OF_PAIR = 240;

/** The marks nearest to the roof and farthest below it, `pairs` of each: the others need no name. */
function telling(
  marks: readonly RooflineMark[],
  roofAt: (intensity: number) => number,
  pairs: number,
): ReadonlySet<RooflineMark> {
  const below = ({ intensity, gflops }: RooflineMark) => roofAt(intensity) / gflops;
  const sorted = marks.filter(({ isNamed }) => isNamed).toSorted((a, b) => below(a) - below(b));
  return new Set([...sorted.slice(0, pairs), ...sorted.slice(-pairs)]);
}

/** The most that a label may take of the plot's width. */
const SHARE = 0.6;
/** A label that would stand higher above its mark, or lower below it, is left out. */
const FARTHEST = 50;
/** Of the roof, in which it is taken for level. */
const STEP = 8;

interface Point extends Pick<RooflineMark, 'name' | 'look'> {
  readonly title: string;
  readonly cx: number;
  readonly cy: number;
}

type Corners = readonly (readonly [x: number, y: number])[];

/** Where a line between corners is, a few units at a time. */
function along(corners: Corners): readonly Taken[] {
  return corners.slice(1).flatMap(([x, y], i) => {
    const [fromX, fromY] = corners[i] as readonly [number, number];
    const steps = Math.max(1, Math.ceil((x - fromX) / STEP));
    const width = (x - fromX) / steps;
    return Array.from({ length: steps }, (_, step) => ({
      from: fromX + step * width,
      to: fromX + (step + 1) * width,
      at: fromY + ((step + 0.5) / steps) * (y - fromY),
    }));
  });
}

/** The points with their labels; the table has all names. */
function placed(points: readonly Point[], area: Area, roof: Corners) {
  const width = SHARE * (area.right - area.left);
  const named = points.map((point) => ({ ...point, name: fitted(point.name, width) }));
  const labels = placedLabels(named, area, (name) => name.length * LETTER, along(roof));
  return points.map((point, i) => {
    const label = labels[i] as PlacedLabel;
    const isNear = Math.abs(label.at - point.cy) <= FARTHEST;
    return { ...point, ...label, ...(isNear ? {} : { name: '', at: point.cy }) };
  });
}
