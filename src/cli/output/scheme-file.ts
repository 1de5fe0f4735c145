import type { SchemeTotal } from '../../quantizer/choosing/totals.ts';
import { markup } from '../../report/markup.ts';
import { bitTicks, drawable, schemePlot } from '../../report/scheme-plot.ts';
import { textWidth } from '../../report/text-width.ts';

const WIDTH = 860;
const HEIGHT = 520;
const AREA = { left: 70, right: WIDTH - 20, top: 56, bottom: HEIGHT - 52 };
const FONT = 12;
/** Ticks of a logarithmic axis: these times powers of ten. */
const STEPS = [1, 2, 5];

/**
 * The plot of the outputs' errors over bits for each weight as an SVG file of its own, on white;
 * undefined where no scheme did for every layer.
 */
export function schemeFile(totals: readonly SchemeTotal[]): string | undefined {
  const drawn = drawable(totals);
  if (drawn.length === 0) return undefined;
  const plot = schemePlot(drawn, AREA, (name) => textWidth(name, FONT));
  const bits = bitTicks(plot.xs, AREA.right - AREA.left);
  const errors = [-8, -7, -6, -5, -4, -3, -2, -1, 0, 1]
    .flatMap((power) => STEPS.map((step) => Number(`${step}e${power}`)))
    .filter((value) => value >= plot.ys[0] && value <= plot.ys[1]);
  const words = 'Error of the outputs over stored bits for each weight';
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${words}" font-family="system-ui,sans-serif" font-size="${FONT}">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${AREA.left}" y="24" font-size="16" font-weight="650" fill="#16181c">${words}</text>
<text x="${AREA.left}" y="42" fill="#555a63">Line: no scheme of as few bytes has a smaller error</text>
${errors.map((value) => markup`<line x1="${AREA.left}" x2="${AREA.right}" y1="${plot.yOf(value)}" y2="${plot.yOf(value)}" stroke="#dfe2e7"/><text x="${AREA.left - 8}" y="${plot.yOf(value) + 4}" text-anchor="end" fill="#555a63">${percent(value)}</text>`)}
${bits.map((value) => markup`<text x="${plot.xOf(value)}" y="${AREA.bottom + 20}" text-anchor="middle" fill="#555a63">${value}</text>`)}
<line x1="${AREA.left}" x2="${AREA.right}" y1="${AREA.bottom}" y2="${AREA.bottom}" stroke="#8a9099"/>
<text x="${AREA.right}" y="${HEIGHT - 12}" text-anchor="end" fill="#555a63">bits for each weight (logarithmic)</text>
<polyline points="${plot.front.map((corner) => corner.join()).join(' ')}" fill="none" stroke="#1f5fbf" stroke-width="2"/>
${plot.marks.map(({ cx, cy, right, at }) => (at === cy ? markup`` : markup`<line x1="${cx}" y1="${cy}" x2="${right ? cx + 9 : cx - 9}" y2="${at}" stroke="#8a9099"/>`))}
${plot.marks.toReversed().map(({ total: { isOnFront }, cx, cy }) => markup`<circle cx="${cx}" cy="${cy}" r="4.5" fill="${isOnFront ? '#1f5fbf' : '#fff'}" stroke="${isOnFront ? '#1f5fbf' : '#8a9099'}" stroke-width="2"/>`)}
${plot.marks.map(({ cx, name, right, at }) => markup`<text x="${right ? cx + 11 : cx - 11}" y="${at + 4}" text-anchor="${right ? 'start' : 'end'}" fill="#16181c" stroke="#fff" stroke-width="4" stroke-linejoin="round" paint-order="stroke">${name}</text>`)}
</svg>
`.markup
  }`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(1))} %`;
}
