import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { css, html, LitElement, nothing, svg } from 'lit';
import { Follow } from '../follow.ts';
import { messages } from '../messages/language.ts';
import type { App } from '../state/app.ts';
import { measureOf, type TrendMeasure, type TrendPoint, trendOf } from '../state/history/trend.ts';
import { base } from '../styles.ts';
import { tables } from './tables.ts';
import './status.ts';

const [WIDTH, HEIGHT, EDGE] = [160, 36, 5];

/** How a case did in the runs that are kept of this adapter and browser: a small line, the same in words and as a table. Nothing before the second run. */
export class TrendElement extends LitElement {
  static override properties = { app: { attribute: false }, entry: { attribute: false }, points: { state: true } };
  static override styles = [
    base,
    tables,
    css`
      figure {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-2) var(--space-4);
        font-size: var(--text-s);
      }
      figcaption {
        flex: 1 1 14rem;
        min-width: 0;
      }
      .plot {
        flex: none;
        inline-size: 10rem;
        block-size: 2.25rem;
        overflow: visible;
      }
      .way {
        fill: none;
        stroke: var(--series-1);
        stroke-width: 1.5;
        stroke-linejoin: round;
      }
      circle {
        fill: var(--series-1);
        stroke: none;
      }
      path.wrong {
        fill: none;
        stroke: var(--bad);
        stroke-width: 2;
      }
      details {
        font-size: var(--text-s);
        margin-block-start: var(--space-1);
      }
      summary {
        color: var(--muted);
      }
      .scroll {
        overflow: auto;
        max-height: 16rem;
      }
    `,
  ];
  declare app: App;
  declare entry: { readonly id: string; readonly backend: string };
  declare points: readonly TrendPoint[];

  constructor() {
    super();
    this.points = [];
    new Follow(this, () => [this.app.history.state]);
  }

  /** Runs of this place: that of the latest run of this page, else that of the latest that is kept. */
  override willUpdate(changed: Map<string, unknown>): void {
    const { history, run } = this.app;
    const { phase, runs } = history.state.value;
    if (phase === 'loading') history.load();
    if (changed.has('points') && changed.size === 1) return;
    const here = run.state.value.environment ?? runs[0]?.head.environments[0];
    const { entry } = this;
    if (!here) return;
    trendOf(history, here, entry).then((points) => {
      if (entry === this.entry && JSON.stringify(points) !== JSON.stringify(this.points)) this.points = points;
    });
  }

  override render() {
    if (this.points.length < 2) return nothing;
    const measure = measureOf(this.points);
    const { trend, asTable } = messages().compare;
    return html`
      <figure>
        ${this.#plot(measure)}
        <figcaption><span class="muted">${trend}:</span> ${this.#words(measure)}</figcaption>
      </figure>
      <details>
        <summary>${asTable}</summary>
        ${this.#table(measure)}
      </details>
    `;
  }

  #plot(measure: TrendMeasure) {
    const values = this.points.map((point) => valueAt(point, measure));
    const finite = values.filter((value) => value !== undefined);
    const x = scaleLinear([0, Math.max(1, values.length - 1)], [EDGE, WIDTH - EDGE]);
    const y = scaleLinear([Math.min(0, ...finite), Math.max(...finite, Number.MIN_VALUE)], [HEIGHT - EDGE, EDGE]);
    const at = (i: number) => [x(i), y(values[i] ?? 0)] as const;
    const way = line<number | undefined>(
      (_, i) => x(i),
      (value) => y(value ?? 0),
    ).defined((value) => value !== undefined)(values);
    return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${messages().compare.trendOf[measure]}>
      ${way ? svg`<path class="way" d=${way} />` : nothing}
      ${this.points.map(({ status }, i) => {
        const [cx, cy] = at(i);
        if (status === 'pass') return values[i] === undefined ? nothing : svg`<circle cx=${cx} cy=${cy} r="2.5" />`;
        return svg`<path class="wrong" d=${`M${cx - 3} ${cy - 3}l6 6m0 -6l-6 6`} />`;
      })}
    </svg>`;
  }

  #words(measure: TrendMeasure): string {
    const { trendRuns, trendRange } = messages().compare;
    const values = this.points.map((point) => valueAt(point, measure)).filter((value) => value !== undefined);
    const runs = trendRuns(this.points.length, this.points.filter(({ status }) => status === 'pass').length);
    const last = values.at(-1);
    if (measure === 'status' || last === undefined) return runs;
    const say = (value: number) => valueWords(value, measure);
    return `${runs}; ${messages().compare.trendOf[measure]}: ${trendRange(say(Math.min(...values)), say(Math.max(...values)), say(last))}`;
  }

  #table(measure: TrendMeasure) {
    const { trendColumns: columns, trendOf: names } = messages().compare;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${names[measure]}>
      <table>
        <thead>
          <tr>
            <th scope="col">${columns.when}</th>
            <th scope="col">${columns.version}</th>
            <th scope="col">${columns.verdict}</th>
            ${measure === 'status' ? nothing : html`<th scope="col">${columns.value}</th>`}
          </tr>
        </thead>
        <tbody>
          ${this.points.map((point) => {
            const value = valueAt(point, measure);
            return html`<tr>
              <th scope="row">${messages().units.moment(point.startedAt)}</th>
              <td>${point.version}</td>
              <td><gp-status .standing=${point.status}></gp-status></td>
              ${measure === 'status' ? nothing : html`<td>${value === undefined ? '–' : valueWords(value, measure)}</td>`}
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }
}

/** The measured value, or whether it passed as 1 or 0. */
function valueAt(point: TrendPoint, measure: TrendMeasure): number | undefined {
  const value = measure === 'status' ? Number(point.status === 'pass') : point[measure];
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function valueWords(value: number, measure: TrendMeasure): string {
  const { units } = messages();
  return measure === 'medianMs' ? units.milliseconds(value) : units.percent(value);
}

customElements.define('gp-trend', TrendElement);
