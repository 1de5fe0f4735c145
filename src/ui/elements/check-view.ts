import { css, html, LitElement, nothing } from 'lit';
import { Follow } from '../follow.ts';
import { optionsOf } from '../state/address.ts';
import { answer, factsOfReport } from '../state/answer.ts';
import type { App } from '../state/app.ts';
import { findings } from '../state/preflight.ts';
import type { RunState } from '../state/run-state.ts';
import { base, controls, panels } from '../styles.ts';
import './answer.ts';
import './details.ts';
import './found.ts';
import './progress.ts';
import './result-actions.ts';

/** The first screen: the question, what is here, what a click costs, one button; then the answer, and everything behind it. */
export class CheckView extends LitElement {
  static override properties = { app: { attribute: false } };
  static override styles = [
    base,
    controls,
    panels,
    css`
      .hero {
        display: grid;
        gap: var(--space-5);
        max-width: 46rem;
      }
      .lead {
        font-size: var(--text-l);
        color: var(--muted);
        max-width: 40rem;
      }
      .whole {
        white-space: nowrap;
      }
      .run {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-3) var(--space-5);
        align-items: center;
      }
      gp-progress,
      gp-answer,
      .tone {
        max-width: 46rem;
        margin-block-start: var(--space-5);
      }
      gp-details {
        margin-block-start: var(--space-7);
      }
    `,
  ];
  declare app: App;

  constructor() {
    super();
    new Follow(this, () => [this.app.address, this.app.facts, this.app.run.state]);
  }

  override render() {
    const { facts, run } = this.app;
    const state = run.state.value;
    return html`
      <div class="hero">
        <h1>Can this computer <span class="whole">fine-tune</span> a language model, correctly and fast?</h1>
        <p class="lead" ?hidden=${run.state.value.phase !== 'idle'}>
          This page tries every calculation that fine-tuning takes, on the graphics chip, and compares each number with the true one.
        </p>
        <gp-found .facts=${facts.value} ?compact=${run.state.value.phase !== 'idle'}></gp-found>
        <div class="run">${this.#button(state)}</div>
      </div>
      ${this.#outcome(state)}
      <gp-details .app=${this.app}></gp-details>
    `;
  }

  /** One button in one place, so that the focus stays on it when Run becomes Stop and Run again. */
  #button({ phase, subject }: RunState) {
    const busy = phase === 'starting' || phase === 'running' || phase === 'stopping';
    const facts = this.app.facts.value;
    const blocked = facts !== undefined && findings(facts).some(({ weight }) => weight === 'blocks');
    const disabled = busy ? phase === 'stopping' : blocked || !facts;
    return html`
      <button class="large ${busy ? '' : 'primary'}" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
        ${phase === 'stopping' ? 'Stopping…' : busy ? 'Stop' : phase === 'idle' || subject === 'recordings' ? 'Run' : 'Run again'}
      </button>
      ${busy ? nothing : html`<p class="muted">${blocked ? 'Nothing can run until then.' : `${this.#cost()}. Nothing is uploaded.`}</p>`}
    `;
  }

  #cost(): string {
    const { tier, filters } = optionsOf(this.app.address.value);
    if (filters.length > 0) return 'The chosen checks only';
    return { quick: 'About a minute', full: 'Up to ten minutes', slow: 'Up to an hour' }[tier];
  }

  #press(busy: boolean): void {
    if (busy) this.app.run.stop();
    else this.app.run.start(optionsOf(this.app.address.value));
  }

  #outcome(state: RunState) {
    const { phase, report, problem, hung } = state;
    if (phase === 'failed') return html`<div class="tone bad" role="alert"><p>${problem}</p></div>`;
    if (phase === 'ended' && report) {
      const verdict = answer(factsOfReport(report, state.subject));
      const right = verdict.tone === 'good' || verdict.tone === 'warn';
      return html`${hung && !report.run.complete ? this.#hang(hung, state.subject) : nothing}
      <gp-answer .answer=${verdict}>
        ${right ? this.#switch() : nothing}
        <gp-result-actions .report=${report}></gp-result-actions>
        ${right ? this.#nextStep(state) : nothing}
      </gp-answer>`;
    }
    if (phase === 'idle') return nothing;
    return html`
      <gp-progress
        label="Progress of the run"
        noun=${state.subject === 'plan' ? 'checks' : 'recordings'}
        .done=${state.done}
        .total=${state.total}
        .remainingMs=${state.remainingMs}
      ></gp-progress>
    `;
  }

  /** How to get the graphics chip into use, for whoever ran without it. */
  #switch() {
    const facts = this.app.facts.value;
    const fallback = facts && findings(facts).find(({ code }) => code === 'fallback-adapter');
    return fallback ? html`<p>Here is the switch. ${fallback.actions.join(' ')}</p>` : nothing;
  }

  /** Whoever has seen that it computes right wants to see it learn. */
  #nextStep({ subject, report }: RunState) {
    if (subject === 'recordings' || !report || report.summary.passed === 0) return nothing;
    return html`<p>
      <a href="?view=train" @click=${this.#toTraining}>Try it on your own text</a>: watch a small model learn it here, and how fast.
    </p>`;
  }

  #toTraining(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.app.go({ view: 'train' });
  }

  #hang(id: string, subject: RunState['subject']) {
    const after = subject === 'plan' ? 'the run then goes on from here' : 'then drop the recordings again';
    return html`<div class="tone warn" role="alert">
      <p>The check <code>${id}</code> did not come back in time, and the graphics process is stuck. Reload the page: ${after}.</p>
      <button class="primary" @click=${() => location.reload()}>Reload</button>
    </div>`;
  }
}

customElements.define('gp-check-view', CheckView);
