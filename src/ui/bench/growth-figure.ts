import { scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { nothing, svg } from 'lit';
import { CONTENDERS } from '../../bench/contender.ts';
import type { GrowthCurve, GrowthSeries } from '../../bench/growth.ts';
import { areaOf, axes, decades, LETTER, type Size } from '../charts/axes.ts';
import type { Figure } from '../charts/figure.ts';
import type { Ink } from '../charts/legend.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import { contenderWords, shortContender } from './contenders.ts';

const INKS: Readonly<Record<string, Ink>> = {
  webgpu: 's1',
  'ort-webgpu': 's2',
  'tfjs-webgpu': 's3',
  'jax-webgpu': 's4',
};
const LABEL_LINE = 15;

/** The times of all contenders over what grows, both logarithmic, with the exponents that fit. */
export function growthFigure({ of, curves }: GrowthSeries): Figure {
  const words = benchWords().growth;
  const ordered = curves.toSorted((a, b) => placeOf(a) - placeOf(b));
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(({ size }) => size)))].sort(
    (a, b) => a - b,
  );
  const at = ({ points }: GrowthCurve, size: number) =>
    points.find((point) => point.size === size)?.ms;
  return {
    caption: words.caption(of),
    description: words.description(ordered.map(told)),
    legend: ordered.map((curve) => ({
      mark: isTimed(curve) ? 'line' : 'rule',
      ink: inkOf(curve),
      words: told(curve),
    })),
    table: {
      columns: [of, ...ordered.map(({ backend }) => words.column(contenderWords(backend)))].map(
        (label) => ({ label }),
      ),
      rows: [
        ...sizes.map((size) => [String(size), ...ordered.map((curve) => at(curve, size))]),
        [words.exponent, ...ordered.map(({ exponent }) => exponent)],
      ],
    },
    draw: (size) => draw(ordered, size),
    file: `gradproof-bench-growth-${of.replaceAll(' ', '-')}`,
  };
}

const placeOf = ({ backend }: GrowthCurve) => (CONTENDERS as readonly string[]).indexOf(backend);
/** Ours and libraries on WebGPU are lines; a ceiling or WebAssembly stands back, dashed. */
const isTimed = ({ backend }: GrowthCurve) => backend in INKS;
const inkOf = ({ backend }: GrowthCurve): Ink => INKS[backend] ?? 'back';

function told({ backend, exponent }: GrowthCurve): string {
  return benchWords().growth.curve(contenderWords(backend), exponentWords(exponent));
}

function exponentWords(exponent: number | undefined): string {
  if (exponent === undefined) return '';
  return unitsWords().number(exponent, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function draw(curves: readonly GrowthCurve[], size: Size) {
  const words = benchWords().growth;
  const { number } = unitsWords();
  const labels = curves.map(({ backend }) => shortContender(backend));
  const longest = Math.max(...labels.map((label) => label.length)) * LETTER + 16;
  const plain = areaOf(size, 56);
  // A narrow plot has its names in the legend alone.
  const named = longest < 0.4 * size.width;
  const area = named ? { ...plain, right: size.width - longest } : plain;
  const sizes = curves.flatMap(({ points }) => points.map((point) => point.size));
  const times = curves.flatMap(({ points }) => points.map(({ ms }) => ms));
  const xs = [Math.min(...sizes), Math.max(...sizes)] as const;
  const ys = [Math.min(...times) / 1.5, Math.max(...times) * 1.5] as const;
  const x = scaleLog(xs[0] < xs[1] ? xs : [xs[0] / 2, xs[0] * 2], [area.left, area.right]);
  const y = scaleLog(ys, [area.bottom, area.top]);
  const path = line<GrowthCurve['points'][number]>(
    (point) => x(point.size),
    ({ ms }) => y(ms),
  );
  const ends = spread(curves.map(({ points }) => y(points.at(-1)?.ms ?? ys[0])));
  return svg`
    ${axes(
      area,
      {
        ticks: [...new Set(sizes)].map((value) => ({ at: x(value), words: number(value) })),
        label: words.size,
      },
      {
        ticks: decades(...ys, 2 * size.height).map((tick) => ({
          at: y(tick.value),
          words: tick.words,
        })),
        label: words.time,
      },
    )}
    ${curves.map(
      (
        curve,
      ) => svg`<path class="${isTimed(curve) ? 'line' : 'rule'} ${inkOf(curve)}" d=${path([...curve.points]) ?? ''} />
        ${curve.points.map((point) => svg`<circle class="dot ${inkOf(curve)}" cx=${x(point.size)} cy=${y(point.ms)} r=${curve.backend === 'webgpu' ? 5 : 3.5} />`)}`,
    )}
    ${named ? labels.map((label, i) => svg`<text class="here" x=${area.right + 9} y=${ends[i]} dy="0.32em">${label}</text>`) : nothing}
  `;
}

/** Heights of labels that are a line apart, each as near as that allows to where its curve ends. */
function spread(heights: readonly number[]): readonly number[] {
  const places = [...heights];
  const order = heights.map((_, i) => i).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  let last = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    last = Math.max(heights[i] ?? 0, last + LABEL_LINE);
    places[i] = last;
  }
  return places;
}
