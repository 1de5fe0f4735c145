import { render, svg } from 'lit';
import { type LegendEntry, markOf } from './legend.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** What of an element's style a file must hold: it has no style sheet. */
const KEPT = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'stroke-opacity',
  'opacity',
] as const;
const KEPT_TEXT = [
  'paint-order',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
] as const;
const PAD = 16;
const LINE = 22;

/** What stands around a plot in a file. */
export interface Surround {
  readonly caption: string;
  readonly description: string;
  readonly legend: readonly LegendEntry[];
}

/**
 * A drawn plot as a file of its own: caption above, legend below, every colour written out. The
 * plot must be in the document.
 */
export function svgFile(plot: SVGSVGElement, { caption, description, legend }: Surround): string {
  const { width, height } = plot.viewBox.baseVal;
  const legendHeight = legend.length * LINE;
  const total = { width: width + 2 * PAD, height: PAD + LINE + height + 8 + legendHeight + PAD };
  const style = getComputedStyle(plot);
  // Drawn inside the plot for a moment: there the same style sheet applies.
  const extra = document.createElementNS(SVG, 'g');
  plot.append(extra);
  render(
    svg`<text class="caption" x=${PAD} y=${PAD + 14}>${caption}</text>
      ${legend.map((entry, i) => {
        const y = PAD + LINE + height + 8 + i * LINE;
        return svg`${markOf(entry, PAD, y)}<text x=${PAD + 36} y=${y + 6} dy="0.35em">${entry.words}</text>`;
      })}`,
    extra,
  );
  const file = document.createElementNS(SVG, 'svg');
  file.setAttribute('xmlns', SVG);
  file.setAttribute('viewBox', `0 0 ${total.width} ${total.height}`);
  file.setAttribute('width', String(total.width));
  file.setAttribute('height', String(total.height));
  const title = document.createElementNS(SVG, 'title');
  title.textContent = `${caption}. ${description}`;
  const back = document.createElementNS(SVG, 'rect');
  for (const [name, value] of Object.entries({
    width: '100%',
    height: '100%',
    fill: style.getPropertyValue('--surface').trim(),
  }))
    back.setAttribute(name, value);
  const body = document.createElementNS(SVG, 'g');
  body.setAttribute('transform', `translate(${PAD} ${PAD + LINE})`);
  for (const child of plot.children) if (child !== extra) body.append(written(child));
  file.append(title, back, body, written(extra));
  extra.remove();
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(file)}\n`;
}

/**
 * A copy of `element` with its computed style as attributes, and without what only the page needs.
 */
function written(element: Element): Element {
  const copy = element.cloneNode(false) as Element;
  copy.removeAttribute('class');
  const style = getComputedStyle(element);
  const names =
    element.tagName === 'text'
      ? [...KEPT, ...KEPT_TEXT]
      : element.childElementCount > 0
        ? []
        : KEPT;
  for (const name of names) copy.setAttribute(name, style.getPropertyValue(name));
  for (const child of element.childNodes) {
    if (child instanceof Element) copy.append(written(child));
    else if (child.nodeType === Node.TEXT_NODE) copy.append(child.cloneNode());
  }
  return copy;
}
