import { css, html, LitElement, nothing } from 'lit';
import type { PlanEntry } from '../../harness/events.ts';
import { keyOf } from '../../report/case-key.ts';
import type { App } from '../app/app.ts';
import { caseStateOf, isWrong } from '../cases/case-state.ts';
import { listWords } from '../cases/list.en.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { base, controls } from '../controls/styles.ts';

/**
 * Runs cases, or runs them again so that the report takes their new results, or those of them that
 * are not right.
 */
export class RunButtons extends LitElement {
  static override properties = { app: { attribute: false }, entries: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      .row {
        gap: var(--space-2);
      }
    `,
  ];
  declare app: App;
  declare entries: readonly PlanEntry[];

  constructor() {
    super();
    new Follow(this, () => [this.app.run.state, this.app.facts]);
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
    const { run } = this.app;
    const state = run.state.value;
    if (!this.app.canRun || state.subject === 'recordings' || this.entries.length === 0)
      return nothing;
    const wrong = this.entries.filter((entry) => isWrong(caseStateOf(keyOf(entry), state)));
    const again = run.canRerun(this.entries);
    const disabled = run.busy;
    return html`<div class="row">
      <button class="quiet" aria-disabled=${disabled} title=${again ? list.rerunHint : nothing} @click=${() => disabled || this.app.runThese(this.entries)}>
        ${again ? list.rerunThese(this.entries.length) : list.runThese(this.entries.length)}
      </button>
      ${
        wrong.length > 0 && wrong.length < this.entries.length && run.canRerun(wrong)
          ? html`<button class="quiet" aria-disabled=${disabled} title=${list.rerunHint} @click=${() => disabled || this.app.runThese(wrong)}>
              ${list.rerunWrong(wrong.length)}
            </button>`
          : nothing
      }
    </div>`;
  }
}

customElements.define('gp-run-buttons', RunButtons);
