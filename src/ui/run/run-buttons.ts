import { css, html, LitElement, nothing } from 'lit';
import type { PlanEntry } from '../../harness/events.ts';
import { keyOf } from '../../report/case-key.ts';
import { caseStateOf, isWrong } from '../cases/case-state.ts';
import { listWords } from '../cases/list.en.ts';
import { canCompute, type Facts } from '../check/preflight.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls } from '../controls/styles.ts';
import type { RunSession } from './run-session.ts';

/**
 * Runs cases, or runs them again so that the report takes their new results, or those of them that
 * are not right. Fires `runthese` with them.
 */
export class RunButtons extends LitElement {
  static override properties = {
    run: { attribute: false },
    facts: { attribute: false },
    entries: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    css`
      .row {
        gap: var(--space-2);
      }
    `,
  ];
  declare run: RunSession;
  declare facts: Observable<Facts | undefined>;
  declare entries: readonly PlanEntry[];

  constructor() {
    super();
    new Follow(this, () => [this.run.state, this.facts]);
    // When nothing is left to run, the focus goes to the controls that choose cases.
    new KeepFocus(
      this,
      () =>
        this.renderRoot.querySelector('button') ??
        (this.getRootNode() as ShadowRoot).querySelector('gp-query'),
    );
  }

  override render() {
    const list = listWords();
    const { run } = this;
    const state = run.state.value;
    if (
      !canCompute(this.facts.value) ||
      state.subject === 'recordings' ||
      this.entries.length === 0
    )
      return nothing;
    const wrong = this.entries.filter((entry) => isWrong(caseStateOf(keyOf(entry), state)));
    const again = run.canRerun(this.entries);
    const disabled = run.busy;
    return html`<div class="row">
      <button class="quiet" aria-disabled=${disabled} title=${again ? list.rerunHint : nothing} @click=${() => disabled || this.#fire(this.entries)}>
        ${again ? list.rerunThese(this.entries.length) : list.runThese(this.entries.length)}
      </button>
      ${
        wrong.length > 0 && wrong.length < this.entries.length && run.canRerun(wrong)
          ? html`<button class="quiet" aria-disabled=${disabled} title=${list.rerunHint} @click=${() => disabled || this.#fire(wrong)}>
              ${list.rerunWrong(wrong.length)}
            </button>`
          : nothing
      }
    </div>`;
  }

  #fire(entries: readonly PlanEntry[]): void {
    this.dispatchEvent(
      new CustomEvent('runthese', { detail: entries, bubbles: true, composed: true }),
    );
  }
}

customElements.define('gp-run-buttons', RunButtons);
