import { html, nothing, svg, type TemplateResult } from 'lit';

/** One of the series colours, or what stands back. */
export type Ink = 's1' | 's2' | 's3' | 's4' | 'back';

/** What a mark of a figure means. The shape tells as much as the colour. */
export interface LegendEntry {
  readonly mark: 'line' | 'rule' | 'dot' | 'ring' | 'bar' | 'notch';
  readonly ink: Ink;
  readonly words: string;
}

/** A mark as the figure draws it, in a box of 26 by 12 units whose corner is at (x, y). */
export function markOf({ mark, ink }: LegendEntry, x = 0, y = 0) {
  switch (mark) {
    case 'line':
      return svg`<line class="line ${ink}" x1=${x} x2=${x + 26} y1=${y + 6} y2=${y + 6} />`;
    case 'rule':
      return svg`<line class="rule ${ink}" x1=${x} x2=${x + 26} y1=${y + 6} y2=${y + 6} />`;
    case 'dot':
    case 'ring':
      return svg`<circle class="${mark} ${ink}" cx=${x + 13} cy=${y + 6} r="4.5" />`;
    case 'notch':
      return svg`<path class="dot ${ink}" d=${notch(x + 13, y + 10)} />`;
    case 'bar':
      return svg`<rect class="bar ${ink}" x=${x + 2} y=${y + 1} width="22" height="10" rx="2" />`;
  }
}

/** A small triangle that stands on (x, y). */
export const notch = (x: number, y: number): string => `M${x - 4.5} ${y}h9l-4.5 -8z`;

/** The legend as it stands below a figure. */
export function legend(entries: readonly LegendEntry[]): TemplateResult | typeof nothing {
  if (entries.length === 0) return nothing;
  return html`<ul class="legend">
    ${entries.map(
      (entry) =>
        html`<li><svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true">${markOf(entry)}</svg>${entry.words}</li>`,
    )}
  </ul>`;
}
