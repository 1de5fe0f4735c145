import { css, html, LitElement, nothing } from 'lit';
import type { PlanEntry } from '../../harness/events.ts';
import type { Replayed } from '../../harness/recordings.ts';
import type { CaseResult } from '../../report/schema.ts';
import { copyText } from '../controls/copy.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { base, controls } from '../controls/styles.ts';
import { casesWords } from './cases.en.ts';
import { commandFor, type IssueFacts, issueText } from './issue-text.ts';
import './python-check.ts';

/**
 * How another person checks the same: the command, the lines of Python, and the text of an issue.
 */
export class ElsewhereElement extends LitElement {
  static override properties = {
    entry: { attribute: false },
    seed: { type: Number },
    issue: { attribute: false },
    recording: { attribute: false },
    oracle: { attribute: false },
    copied: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      code {
        display: block;
        padding: var(--space-2) var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--sunken);
        font-size: 0.8125rem;
      }
    `,
  ];
  declare entry: PlanEntry;
  declare seed: number;
  /** What an issue tells; absent of a case that has not run. */
  declare issue: IssueFacts | undefined;
  /** What the case replays, if it does. */
  declare recording: Replayed | undefined;
  /** Makes a recording of what the oracle says, where that can be done. */
  declare oracle: (() => Promise<Replayed | undefined>) | undefined;
  declare copied: boolean | undefined;

  constructor() {
    super();
    new KeepFocus(this, () => this.renderRoot.querySelector('button'));
  }

  override render() {
    const { elsewhere, python } = casesWords();
    const command = commandFor(this.entry, this.seed, this.issue?.result, this.issue?.environment);
    const result: CaseResult | undefined = this.issue?.result;
    return html`
      <code lang="en" aria-label=${elsewhere.command}>${command}</code>
      <div class="row">
        <button class="quiet" @click=${() => this.#copy(command)}>${elsewhere.copyCommand}</button>
        ${this.issue ? html`<button class="quiet" @click=${this.#copyIssue}>${elsewhere.issue}</button>` : nothing}
        ${this.oracle && !this.recording ? html`<button class="quiet" @click=${this.#record}>${elsewhere.inPython}</button>` : nothing}
        <span class="small" role="status">${this.copied === undefined ? nothing : this.copied ? python.copied : python.cannotCopy}</span>
      </div>
      ${this.recording ? html`<gp-python-check .recording=${this.recording} .result=${result}></gp-python-check>` : nothing}
    `;
  }

  async #record(): Promise<void> {
    this.recording = await this.oracle?.();
    if (!this.recording) this.oracle = undefined;
  }

  async #copyIssue(): Promise<void> {
    if (this.issue) await this.#copy(issueText(this.issue));
  }

  async #copy(text: string): Promise<void> {
    this.copied = await copyText(text);
  }
}

customElements.define('gp-elsewhere', ElsewhereElement);
