import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { css, html, LitElement, nothing, svg } from 'lit';
import { chartModel } from '../state/chart-model.ts';
import type { LossPoint } from '../state/training-state.ts';
import { base } from '../styles.ts';

const WIDTH = 640;
const HEIGHT = 300;
const MARGIN = { top: 14, right: 16, bottom: 40, left: 46 };

/** Training loss as a line, held-out loss as points, what counting letters reaches as a dashed line; and the same as a table. */
export class LossChart extends LitElement {
  static override properties = {
    losses: { attribute: false },
    heldout: { attribute: false },
    unigram: { type: Number },
    steps: { type: Number },
  };
  static override styles = [
    base,
    css`
      svg {
        display: block;
        width: 100%;
        height: auto;
        overflow: visible;
      }
      text {
        fill: var(--muted);
        font-family: var(--font);
        font-size: 13px;
      }
      .grid {
        stroke: var(--line);
      }
      .train {
        fill: none;
        stroke: var(--series-1);
        stroke-width: 2;
        stroke-linejoin: round;
      }
      .heldout {
        fill: var(--surface);
        stroke: var(--series-2);
        stroke-width: 2.5;
      }
      .unigram {
        stroke: var(--muted);
        stroke-dasharray: 5 5;
      }
      figcaption {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-5);
        font-size: var(--text-s);
        color: var(--muted);
        margin-block-start: var(--space-2);
      }
      figcaption span {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
      }
      figcaption svg {
        width: 26px;
        flex: none;
      }
      details {
        margin-block-start: var(--space-3);
        font-size: var(--text-s);
      }
      summary {
        cursor: pointer;
        width: fit-content;
      }
      .table {
        max-height: 18rem;
        overflow: auto;
        margin-block-start: var(--space-2);
      }
      table {
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        text-align: end;
        padding: var(--space-1) var(--space-4);
        border-bottom: 1px solid var(--line);
        font-weight: 400;
      }
      thead th {
        font-weight: 600;
      }
      @media (max-width: 34rem) {
        text {
          font-size: 20px;
        }
      }
    `,
  ];
  declare losses: readonly LossPoint[];
  declare heldout: readonly LossPoint[];
  declare unigram: number | undefined;
  declare steps: number;

  override render() {
    const model = chartModel(this.losses, this.heldout, this.unigram);
    return html`
      <figure>
        ${this.#plot(model.top, model.bottom)}
        <figcaption>
          <span>${key(svg`<line class="train" x1="0" x2="26" y1="6" y2="6" />`)}loss on the text</span>
          <span>${key(svg`<circle class="heldout" cx="13" cy="6" r="4.5" />`)}loss on the part it never sees</span>
          ${this.unigram === undefined ? nothing : html`<span>${key(svg`<line class="unigram" x1="0" x2="26" y1="6" y2="6" />`)}counting letters alone</span>`}
        </figcaption>
      </figure>
      <details>
        <summary>The same as a table</summary>
        <div class="table" tabindex="0" role="region" aria-label="Losses by step">
          <table>
            <thead><tr><th scope="col">Step</th><th scope="col">Loss</th><th scope="col">Held-out loss</th></tr></thead>
            <tbody>
              ${model.rows.map(
                ({ step, loss, heldout }) => html`<tr><th scope="row">${step}</th><td>${cell(loss)}</td><td>${cell(heldout)}</td></tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>
    `;
  }

  #plot(top: number, bottom: number) {
    const x = scaleLinear([0, Math.max(1, this.steps)], [MARGIN.left, WIDTH - MARGIN.right]);
    const y = scaleLinear([bottom, top], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5);
    const path = line<LossPoint>(
      ({ step }) => x(step),
      ({ loss }) => y(loss),
    ).defined(({ loss }) => Number.isFinite(loss))([...this.losses]);
    return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${this.#description()}>
      ${y.ticks(5).map(
        (tick) => svg`<line class="grid" x1=${MARGIN.left} x2=${WIDTH - MARGIN.right} y1=${y(tick)} y2=${y(tick)} />
          <text x=${MARGIN.left - 8} y=${y(tick)} dy="0.32em" text-anchor="end">${tick.toFixed(1)}</text>`,
      )}
      ${x.ticks(6).map((tick) => svg`<text x=${x(tick)} y=${HEIGHT - MARGIN.bottom + 20} text-anchor="middle">${tick}</text>`)}
      <text x=${WIDTH - MARGIN.right} y=${HEIGHT - 2} text-anchor="end">step</text>
      <text x=${MARGIN.left} y=${HEIGHT - 2}>nats per byte</text>
      ${
        this.unigram === undefined
          ? nothing
          : svg`<line class="unigram" x1=${MARGIN.left} x2=${WIDTH - MARGIN.right} y1=${y(this.unigram)} y2=${y(this.unigram)} />`
      }
      ${path ? svg`<path class="train" d=${path} />` : nothing}
      ${this.heldout.filter(({ loss }) => Number.isFinite(loss)).map(({ step, loss }) => svg`<circle class="heldout" cx=${x(step)} cy=${y(loss)} r="4.5" />`)}
    </svg>`;
  }

  #description(): string {
    const [first, last] = [this.losses[0], this.losses.at(-1)];
    if (!first || !last) return 'Loss curve, still empty';
    return `Loss curve: from ${first.loss.toFixed(2)} at step ${first.step} to ${last.loss.toFixed(2)} nats per byte at step ${last.step}`;
  }
}

function key(shape: ReturnType<typeof svg>) {
  return html`<svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true">${shape}</svg>`;
}

function cell(loss: number | undefined): string {
  return loss === undefined ? '' : loss.toFixed(3);
}

customElements.define('gp-loss-chart', LossChart);
