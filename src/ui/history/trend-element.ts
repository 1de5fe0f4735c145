import { css, html, LitElement, nothing } from 'lit';
import type { RunSession } from '../run/run-session.ts';
import type { History } from './history.ts';
import '../charts/figure.ts';
import { trendWords } from '../charts/trend.en.ts';
import { describeTrend, trendFigure } from '../charts/trend.ts';
import { Follow } from '../controls/follow.ts';
import { base } from '../controls/styles.ts';
import { type TrendPoint, trendOf } from './trend.ts';

/**
 * How a case did in the runs that are kept of this adapter and browser. Nothing before the second
 * run.
 */
export class TrendElement extends LitElement {
  static override properties = {
    history: { attribute: false },
    run: { attribute: false },
    entry: { attribute: false },
    points: { state: true },
  };
  static override styles = [
    base,
    css`
      p {
        font-size: var(--text-s);
        margin-block-end: var(--space-3);
      }
    `,
  ];
  declare history: History;
  declare run: RunSession;
  declare entry: { readonly id: string; readonly backend: string };
  declare points: readonly TrendPoint[];

  constructor() {
    super();
    this.points = [];
    new Follow(this, () => [this.history.state]);
  }

  /**
   * Runs of this place: that of the latest run of this page, else that of the latest that is kept.
   */
  override willUpdate(changed: Map<string, unknown>): void {
    const { history, run } = this;
    const { phase, runs } = history.state.value;
    if (phase === 'loading') history.load();
    if (changed.has('points') && changed.size === 1) return;
    const here = run.state.value.environment ?? runs[0]?.head.environments[0];
    const { entry } = this;
    if (!here) return;
    trendOf(history, here, entry).then((points) => {
      if (entry === this.entry && JSON.stringify(points) !== JSON.stringify(this.points))
        this.points = points;
    });
  }

  override render() {
    if (this.points.length < 2) return nothing;
    return html`
      <p><span class="muted">${trendWords().trend}:</span> ${describeTrend(this.points)}</p>
      <gp-figure .figure=${trendFigure(this.points)}></gp-figure>
    `;
  }
}

customElements.define('gp-trend', TrendElement);
