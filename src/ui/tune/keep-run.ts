import { html, LitElement, nothing } from 'lit';
import { Follow } from '../controls/follow.ts';
import { base, controls } from '../controls/styles.ts';
import type { Conversation } from './conversation.ts';
import { tunedWords } from './tuned.en.ts';
import { tunedRunOf } from './tuned-run.ts';
import type { TunedShelf } from './tuned-shelf.ts';
import type { TuningState } from './tuning-state.ts';

/**
 * Keeps the run that is shown, once it is asked to. Fires `kept` with its id where what it trained is
 * kept, too.
 */
export class KeepRun extends LitElement {
  static override properties = {
    shelf: { attribute: false },
    conversation: { attribute: false },
    state: { attribute: false },
    outcome: { state: true },
  };
  static override styles = [base, controls];
  declare shelf: TunedShelf;
  /** Undefined of a run whose model cannot be asked. */
  declare conversation: Conversation | undefined;
  declare state: TuningState;
  declare outcome: 'kept' | 'refused' | undefined;

  constructor() {
    super();
    new Follow(this, () => (this.conversation ? [this.conversation.exchange] : []));
  }

  override render() {
    const words = tunedWords();
    // Half an answer would be kept for a whole one.
    const writes = this.state.answers && this.conversation?.exchange.value?.tuned.done === false;
    const waits = this.outcome === 'kept' || writes;
    const told = { kept: words.isKept, refused: words.refused };
    return html`<div class="row">
      <button aria-disabled=${waits} @click=${() => !waits && this.#keep()}>${words.keep}</button>
      <span class="small muted" role="status">${this.outcome ? told[this.outcome] : nothing}</span>
    </div>`;
  }

  async #keep(): Promise<void> {
    const run = tunedRunOf(this.state, this.conversation?.exchange.value);
    if (!run) return;
    try {
      await this.shelf.keep(run);
      this.outcome = 'kept';
      if (run.weights) this.dispatchEvent(new CustomEvent('kept', { detail: run.id }));
    } catch {
      this.outcome = 'refused';
    }
  }
}

customElements.define('gp-keep-run', KeepRun);
