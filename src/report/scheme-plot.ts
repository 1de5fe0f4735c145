import { metaWords } from '../quantizer/choosing/meta-words.ts';
import type { SchemeTotal } from '../quantizer/choosing/totals.ts';
import { type PlacedLabel, type PlotArea, placedLabels, takenBy } from './placed-labels.ts';

/** Narrower plots name the front alone. */
const NARROW = 420;

/** A scheme in a plot of errors over bits. */
export interface SchemeMark extends PlacedLabel {
  readonly total: SchemeTotal;
  readonly cx: number;
  readonly cy: number;
}

/** A plot of the outputs' errors over bits for each weight, both logarithmic. */
export interface SchemePlot {
  readonly marks: readonly SchemeMark[];
  /** Corners of the front, by rising bits: what is up and right of it is worse. */
  readonly front: readonly (readonly [x: number, y: number])[];
  readonly xs: readonly [from: number, to: number];
  readonly ys: readonly [from: number, to: number];
  readonly xOf: (bits: number) => number;
  readonly yOf: (error: number) => number;
}

/**
 * `mlx 4 g64`, `int8 channel`, `hqq 4 g64 axis 1`: method, bits where the name does not end with them,
 * groups where the method does not find them by itself, and an axis that is not the first.
 */
export function schemeWords({ scheme }: Pick<SchemeTotal, 'scheme'>): string {
  const { method, bits, groupSize, axis } = scheme;
  const words = groupSize === 'usual' ? '' : ` ${groupSize}`;
  const group = typeof groupSize === 'number' ? ` g${groupSize}` : words;
  const along = axis === undefined || axis === 0 ? '' : ` axis ${axis}`;
  const width = method.endsWith(`${bits}`) ? '' : ` ${bits}`;
  return `${method}${width}${group}${along}${metaWords(scheme)}`;
}

/** Schemes that can be drawn: those that did for every layer, with an error that has a logarithm. */
export function drawable(totals: readonly SchemeTotal[]): readonly SchemeTotal[] {
  return totals.filter(
    ({ done, layers, outputError }) =>
      done === layers && outputError > 0 && Number.isFinite(outputError),
  );
}

/**
 * Where schemes and their front lie in `area`; names of the front are placed first, and alone where
 * there is little room. `totals` are {@link drawable} and not empty.
 */
export function schemePlot(
  totals: readonly SchemeTotal[],
  area: PlotArea,
  widthOf: (name: string) => number,
): SchemePlot {
  const xs = around(
    totals.map(({ bitsPerWeight }) => bitsPerWeight),
    1.2,
  );
  const ys = around(
    totals.map(({ outputError }) => outputError),
    1.6,
  );
  const share = (value: number, [from, to]: readonly [number, number]) =>
    Math.log(value / from) / Math.log(to / from);
  const xOf = (bits: number) => area.left + share(bits, xs) * (area.right - area.left);
  const yOf = (error: number) => area.bottom - share(error, ys) * (area.bottom - area.top);
  const points = totals
    .toSorted((a, b) => Number(b.isOnFront) - Number(a.isOnFront))
    .map((total) => ({
      total,
      name: total.isOnFront || area.right - area.left > NARROW ? schemeWords(total) : '',
      cx: xOf(total.bitsPerWeight),
      cy: yOf(total.outputError),
    }));
  const front = points
    .filter(({ total }) => total.isOnFront)
    .sort((a, b) => a.cx - b.cx)
    .flatMap(({ cx, cy }, i, all): readonly (readonly [number, number])[] => {
      const before = all[i - 1];
      return before ? [[cx, before.cy] as const, [cx, cy] as const] : [[cx, cy] as const];
    });
  const labels = placedLabels(points, area, widthOf, takenBy(front));
  const marks = points.map((point, i) => ({ ...point, ...(labels[i] as PlacedLabel) }));
  return { marks, front, xs, ys, xOf, yOf };
}

const BITS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
/** Room for a tick, in units of the drawing. */
const TICK = 30;

/** Ticks of an axis of bits, as many as `width` has room for. */
export function bitTicks([from, to]: SchemePlot['xs'], width: number): readonly number[] {
  const all = BITS.filter((bits) => bits >= from && bits <= to);
  const hasRoom = (TICK * Math.log(to / from)) / width < Math.log(4 / 3);
  return hasRoom ? all : all.filter((bits) => Number.isInteger(Math.log2(bits)));
}

function around(values: readonly number[], factor: number): readonly [number, number] {
  return [Math.min(...values) / factor, Math.max(...values) * factor];
}
