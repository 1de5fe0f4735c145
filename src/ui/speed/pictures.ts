import { css, html, LitElement, nothing } from 'lit';
import { bridgeName, wordsOfDevice } from '../../backends/bridge/name.ts';
import { accuracyFigure } from '../charts/accuracy.ts';
import { chartsWords } from '../charts/charts.en.ts';
import type { RunSession } from '../run/run-session.ts';
import type { SpeedSession } from './speed-session.ts';
import '../charts/figure.ts';
import { pairsFigure } from '../charts/pairs.ts';
import { rooflineFigure } from '../charts/roofline.ts';
import { speedFigure } from '../charts/speed.ts';
import { Follow } from '../controls/follow.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { pairsOfDevices } from './speed-pairs.ts';
import { timedOps } from './timed-ops.ts';
import './measure-speed.ts';

/**
 * A run in pictures: how near its bound each case came, and, where the speed was measured, how fast
 * ops are and could be.
 */
export class PicturesElement extends LitElement {
  static override properties = {
    run: { attribute: false },
    speed: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      div {
        display: grid;
        gap: var(--space-5);
      }
    `,
  ];
  declare run: RunSession;
  declare speed: SpeedSession;

  constructor() {
    super();
    new Follow(this, () => [this.run.state, this.speed.state]);
  }

  override render() {
    const { report } = this.run.state.value;
    const speed = this.speed.state.value;
    const ops = timedOps([
      ...(speed.phase === 'known' ? speed.report.results : []),
      ...(report?.results ?? []),
    ]);
    const accuracy = report?.results.some(({ accuracy: judged }) => judged?.boundUsed)
      ? accuracyFigure(report.results)
      : undefined;
    const words = chartsWords();
    const { caption, theirs, ours, spread } = words.pairs.device;
    const { live } = this.run.state.value;
    const devices = [...pairsOfDevices(report?.results ?? [])].map(([backend, pairs]) => {
      const device = live?.links.find((link) => bridgeName(link.device) === backend)?.device;
      const name = device ? wordsOfDevice(device) : backend;
      return pairsFigure(pairs, {
        caption: caption(name),
        first: theirs,
        second: ours,
        spread,
        file: `gradproof-speed-${backend}`,
      });
    });
    const figures = [
      ...(accuracy ? [accuracy] : []),
      ...(ops.length > 1 ? [rooflineFigure(ops), speedFigure(ops)] : []),
      ...devices,
    ];
    return html`<div>
      ${figures.map((figure) => html`<section class="panel" aria-label=${figure.caption}><gp-figure .figure=${figure}></gp-figure></section>`)}
      ${figures.length === 0 ? html`<p class="muted">${words.noPictures}</p>` : nothing}
      ${ops.length > 1 ? nothing : html`<gp-measure-speed .run=${this.run} .speed=${this.speed}></gp-measure-speed>`}
    </div>`;
  }
}

customElements.define('gp-pictures', PicturesElement);
