import { css, html, LitElement, nothing } from 'lit';
import { canCompute, type Facts } from '../check/preflight.ts';
import { Follow } from '../controls/follow.ts';
import { icon } from '../controls/icons.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { RunSession } from '../run/run-session.ts';
import { librariesWords } from './libraries.en.ts';
import { RECORDED } from './recording-sets.ts';

/**
 * One click that replays what other libraries recorded, and what it costs. Nothing where the page
 * brings none along, or nothing can run. Fires `replay`.
 */
export class RecordingsElement extends LitElement {
  static override properties = { run: { attribute: false }, facts: { attribute: false } };
  static override styles = [
    base,
    controls,
    panels,
    css`
      .panel {
        display: grid;
        gap: var(--space-3);
      }
      .row p {
        margin: 0;
      }
    `,
  ];
  declare run: RunSession;
  declare facts: Observable<Facts | undefined>;

  constructor() {
    super();
    new Follow(this, () => [this.facts, this.run.state]);
  }

  override render() {
    if (RECORDED.cases === 0 || !canCompute(this.facts.value)) return nothing;
    const { phase } = this.run.state.value;
    const busy = phase === 'starting' || phase === 'running' || phase === 'stopping';
    const libraries = librariesWords();
    return html`<section class="panel" aria-label=${libraries.recordings}>
      <h2>${libraries.question}</h2>
      <p class="muted">${libraries.explain(RECORDED.cases)}</p>
      <div class="row">
        <button aria-disabled=${busy} @click=${() => !busy && this.dispatchEvent(new CustomEvent('replay'))}>${icon('file')}${libraries.replay}</button>
        <p class="muted small">${libraries.cost(RECORDED.bytes)}</p>
      </div>
    </section>`;
  }
}

customElements.define('gp-recordings', RecordingsElement);
