import { html, LitElement, nothing } from 'lit';
import { Follow } from '../controls/follow.ts';
import { base, controls } from '../controls/styles.ts';
import type { RunSession } from '../run/run-session.ts';
import { speedWords } from './speed.en.ts';
import type { SpeedSession } from './speed-session.ts';

/** Offers to measure the speed, as long as it is not known; beside a run it would be slow. */
export class MeasureSpeed extends LitElement {
  static override properties = { run: { attribute: false }, speed: { attribute: false } };
  static override styles = [base, controls];
  declare run: RunSession;
  declare speed: SpeedSession;

  constructor() {
    super();
    new Follow(this, () => [this.run.state, this.speed.state]);
  }

  override render() {
    const { measure, measuring, measureFailed } = speedWords();
    const state = this.speed.state.value;
    if (state.phase === 'known' || this.run.busy) return nothing;
    if (state.phase === 'measuring') return html`<p class="muted" role="status">${measuring}</p>`;
    return html`<div class="row">
      <button class="quiet" aria-keyshortcuts="M" @click=${() => this.speed.measure()}>${measure}</button>
      ${state.phase === 'failed' ? html`<p role="alert">${measureFailed(state.problem)}</p>` : nothing}
    </div>`;
  }
}

customElements.define('gp-measure-speed', MeasureSpeed);
