import { css, html, LitElement, nothing } from 'lit';
import type { Facts } from '../check/preflight.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, facts } from '../controls/styles.ts';
import type { RunSession } from '../run/run-session.ts';
import { CASE_STATES } from './case-state.ts';
import { listWords } from './list.en.ts';
import { type Branch, type Counts, leavesOf } from './suite-tree.ts';
import '../run/run-buttons.ts';
import './status.ts';

/**
 * What is known of a suite, or of a part of suites: how its cases stand, and how to run them. Fires
 * `only` with its patterns.
 */
export class BranchElement extends LitElement {
  static override properties = {
    branch: { attribute: false },
    counts: { attribute: false },
    run: { attribute: false },
    facts: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    facts,
    css`
      :host {
        display: grid;
        gap: var(--space-4);
      }
      h3 {
        font-family: var(--mono);
        overflow-wrap: anywhere;
      }
      .counts {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-4);
      }
      dl {
        font-size: var(--text-s);
      }
    `,
  ];
  declare branch: Branch;
  declare counts: Counts;
  declare run: RunSession;
  declare facts: Observable<Facts | undefined>;

  override render() {
    const list = listWords();
    const { path, patterns, size, backend } = this.branch;
    const entries = leavesOf(this.branch).map(({ entry }) => entry);
    const shown = CASE_STATES.filter(
      (caseState) => caseState !== 'not-run' && this.counts[caseState],
    );
    return html`
      <h3 lang="en">${path}</h3>
      <p class="counts">
        <span class="muted">${list.checks(size)}</span>
        ${shown.map((caseState) => html`<gp-status .caseState=${caseState} .count=${this.counts[caseState]}></gp-status>`)}
      </p>
      <div class="row">
        <gp-run-buttons .run=${this.run} .facts=${this.facts} .entries=${entries}></gp-run-buttons>
        <button class="quiet" @click=${() => this.#show()}>${list.onlyThese}</button>
      </div>
      ${
        backend
          ? nothing
          : html`<dl>
              <dt>${list.pattern}</dt>
              <dd><code>${patterns.join(' ')}</code></dd>
              <dt>${list.command}</dt>
              <dd><code>npm start -- ${patterns.map((pattern) => `--filter '${pattern}'`).join(' ')}</code></dd>
            </dl>`
      }
    `;
  }

  #show(): void {
    this.dispatchEvent(
      new CustomEvent('only', { detail: this.branch.patterns, bubbles: true, composed: true }),
    );
  }
}

customElements.define('gp-branch', BranchElement);
