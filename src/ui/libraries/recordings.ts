import { css, html, LitElement, nothing } from 'lit';
import { canCompute, type Facts } from '../check/preflight.ts';
import { Follow } from '../controls/follow.ts';
import { icon } from '../controls/icons.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { RunSession } from '../run/run-session.ts';
import { librariesWords } from './libraries.en.ts';
import { type Brought, costOf } from './recording-sets.ts';

/**
 * Clicks that replay what other libraries recorded or PyTorch's own samples, and what each costs.
 * Nothing where the page brings none along, or nothing can run. Fires `replay` with which.
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
      /* Where the words wrap, they begin beside the icon. */
      button {
        text-align: start;
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
    if (!canCompute(this.facts.value)) return nothing;
    const libraries = librariesWords();
    const parts = [
      this.#offer('recordings', libraries.explain, libraries.replay),
      this.#offer('samples', libraries.explainSamples, libraries.replaySamples),
    ];
    if (parts.every((part) => part === nothing)) return nothing;
    return html`<section class="panel" aria-label=${libraries.recordings}>
      <h2>${libraries.question}</h2>
      ${parts}
    </section>`;
  }

  /** What a click replays and costs, and the click. */
  #offer(brought: Brought, explain: (cases: number) => string, click: string) {
    const { cases, bytes } = costOf(brought);
    if (cases === 0) return nothing;
    const { phase } = this.run.state.value;
    const busy = phase === 'starting' || phase === 'running' || phase === 'stopping';
    const replay = () =>
      !busy && this.dispatchEvent(new CustomEvent<Brought>('replay', { detail: brought }));
    return html`<p class="muted">${explain(cases)}</p>
      <div class="row">
        <button aria-disabled=${busy} @click=${replay}>${icon('file')}${click}</button>
        <p class="muted small">${librariesWords().cost(bytes)}</p>
      </div>`;
  }
}

customElements.define('gp-recordings', RecordingsElement);
