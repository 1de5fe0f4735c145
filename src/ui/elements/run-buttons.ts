import { css, html, LitElement, nothing } from 'lit';
import { keyOf } from '../../harness/case-key.ts';
import type { PlanEntry } from '../../harness/events.ts';
import { Follow } from '../follow.ts';
import { KeepFocus } from '../keep-focus.ts';
import { messages } from '../messages/language.ts';
import type { App } from '../state/app.ts';
import { isWrong, standingOf } from '../state/standing.ts';
import { base, controls } from '../styles.ts';

/** Runs cases, or runs them again so that the report takes their new results, or those of them that are not right. */
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
    // Where nothing is left to run, what chooses cases is beside.
    new KeepFocus(this, () => this.renderRoot.querySelector('button') ?? (this.getRootNode() as ShadowRoot).querySelector('gp-query'));
  }

  override render() {
    const { list } = messages();
    const { run } = this.app;
    const state = run.state.value;
    if (!this.app.canRun || state.subject === 'recordings' || this.entries.length === 0) return nothing;
    const wrong = this.entries.filter((entry) => isWrong(standingOf(keyOf(entry), state)));
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
