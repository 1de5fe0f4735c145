import { html, LitElement, nothing, type SVGTemplateResult } from 'lit';
import { type Cell, type Column, type FigureTable, toCsv } from '../../report/table.ts';
import { download } from '../controls/download.ts';
import { pngOf } from '../controls/png.ts';
import { base, controls } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { Size } from './axes.ts';
import { chartsWords } from './charts.en.ts';
import { figureStyles } from './figure-styles.ts';
import { type LegendEntry, legend } from './legend.ts';
import { svgFile } from './save.ts';

/** A plot with everything that goes with it. */
export interface Figure {
  /** What is shown, as its heading. */
  readonly caption: string;
  /** What there is to see, in a sentence, for a screen reader. */
  readonly description: string;
  readonly legend: readonly LegendEntry[];
  readonly table: FigureTable;
  /** Draws the plot; `figureStyles` has the classes of its marks. */
  readonly draw: (size: Size) => SVGTemplateResult;
  /** Name of saved files, without extension. */
  readonly file: string;
  /** Height for a width, in CSS pixels. By default three fifths of it, 220 to 380. */
  readonly height?: (width: number) => number;
}

/** Rows that the table shows; the CSV has all. */
const MOST_ROWS = 300;

/**
 * A figure: caption, plot, legend, the same as a table, and its files. It draws anew when its width
 * changes, so that text keeps its size.
 */
export class FigureElement extends LitElement {
  static override properties = {
    figure: { attribute: false },
    width: { state: true },
    tabled: { state: true },
  };
  static override styles = [base, controls, figureStyles];
  declare figure: Figure;
  /**
   * Width of the plot in sixteenths of the text's size, which are pixels unless a person or a large
   * screen makes text larger; 0 before it is laid out.
   */
  declare width: number;
  /** Whether the table was opened; its rows are made then. */
  declare tabled: boolean;
  readonly #resize = new ResizeObserver(([entry]) => {
    const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    this.width = Math.round((entry?.contentRect.width ?? 0) / unit);
  });

  constructor() {
    super();
    this.width = 0;
    this.tabled = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override render() {
    const { caption, description, draw, height = usualHeight } = this.figure;
    const words = chartsWords();
    const size = { width: this.width, height: height(this.width) };
    return html`<figure>
      <figcaption>${caption}</figcaption>
      ${
        this.width === 0
          ? nothing
          : html`<svg class="plot" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label=${description}>
              ${draw(size)}
            </svg>`
      }
      ${legend(this.figure.legend)}
      <details @toggle=${this.#open}>
        <summary>${words.table}</summary>
        ${this.tabled ? this.#table() : nothing}
      </details>
      <div class="files" role="group" aria-label=${words.save(caption)}>
        <button class="quiet" @click=${() => this.#save('png')}>PNG</button>
        <button class="quiet" @click=${() => this.#save('svg')}>SVG</button>
        <button class="quiet" @click=${() => this.#save('csv')}>CSV</button>
      </div>
    </figure>`;
  }

  #open(event: Event): void {
    this.tabled ||= (event.target as HTMLDetailsElement).open;
  }

  #table() {
    const { caption, table } = this.figure;
    const { columns, rows } = table;
    return html`
      ${rows.length > MOST_ROWS ? html`<p class="small muted">${chartsWords().firstRows(MOST_ROWS, rows.length)}</p>` : nothing}
      <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
        <table>
          <thead>
            <tr>${columns.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr>
          </thead>
          <tbody>
            ${rows.slice(0, MOST_ROWS).map(
              (cells) => html`<tr>
                ${cells.map((cell, i) => (i === 0 ? html`<th scope="row">${told(cell, columns[i])}</th>` : html`<td>${told(cell, columns[i])}</td>`))}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  async #save(kind: 'png' | 'svg' | 'csv'): Promise<void> {
    const { file, table } = this.figure;
    const plot = this.renderRoot.querySelector<SVGSVGElement>('svg.plot');
    if (kind === 'csv') download(`${file}.csv`, toCsv(table), 'text/csv');
    else if (plot) {
      const picture = svgFile(plot, this.figure);
      if (kind === 'svg') download(`${file}.svg`, picture, 'image/svg+xml');
      else download(`${file}.png`, await pngOf(picture, 2), 'image/png');
    }
  }
}

function usualHeight(width: number): number {
  return Math.round(Math.min(380, Math.max(220, width * 0.6)));
}

function told(cell: Cell, column: Column | undefined): string {
  return typeof cell === 'number'
    ? unitsWords().number(cell, column?.format ?? { maximumSignificantDigits: 4 })
    : (cell ?? '');
}

customElements.define('gp-figure', FigureElement);
