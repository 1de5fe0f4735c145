import { css, html, LitElement, nothing } from 'lit';
import type { CaseResult } from '../../report/schema.ts';
import { base, controls } from '../controls/styles.ts';
import type { Repeat } from '../run/run-session.ts';
import type { FaultChange } from './case-source.ts';
import { casesWords } from './cases.en.ts';

/**
 * The named fault that must turn a case red: what it changes, whether that was seen, and a button
 * to see it. Fires `try`.
 */
export class FaultElement extends LitElement {
  static override properties = {
    name: {},
    changes: { attribute: false },
    result: { attribute: false },
    repeat: { attribute: false },
    busy: { type: Boolean },
    runnable: { type: Boolean },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-2);
      }
      .change {
        direction: ltr;
        display: grid;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--sunken);
        padding: var(--space-2) var(--space-3);
        font-family: var(--mono);
        font-size: 0.8125rem;
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
      .change .file {
        color: var(--muted);
        font-size: 0.75rem;
      }
      del,
      ins {
        text-decoration: none;
      }
      del::before {
        content: "− ";
      }
      ins::before {
        content: "+ ";
      }
      del {
        color: var(--bad);
      }
      ins {
        color: var(--good);
      }
    `,
  ];
  /** Its name, from the plan. */
  declare name: string;
  declare changes: readonly FaultChange[];
  declare result: CaseResult | undefined;
  declare repeat: Repeat;
  declare busy: boolean;
  declare runnable: boolean;

  constructor() {
    super();
    this.changes = [];
    this.busy = false;
    this.runnable = false;
  }

  override render() {
    const { fault } = casesWords();
    return html`
      <p lang="en"><strong>${this.name}</strong></p>
      ${this.changes.map((change) => this.#change(change))}
      ${this.runnable ? html`<div class="row"><button class="quiet" aria-disabled=${this.busy} @click=${this.#try}>${this.busy ? fault.trying : fault.try}</button></div>` : nothing}
      <p class="small" role="status">${this.#seen()}</p>
    `;
  }

  #change(change: FaultChange) {
    const { fault } = casesWords();
    if (change.kind !== 'shader')
      return html`<p class="small muted">${fault[change.kind](change.name)}</p>`;
    return html`<div class="change" lang="en">
      <span class="file">shaders/${change.file}.wgsl</span><del>${change.from}</del><ins>${change.to === '' ? fault.nothing : change.to}</ins>
    </div>`;
  }

  /** What the fault has done: in the run, or just now. */
  #seen() {
    const { fault } = casesWords();
    const repeat = typeof this.repeat === 'object' ? this.repeat : undefined;
    const status = repeat?.control ? repeat.result.control?.status : this.result?.control?.status;
    if (status === 'red') {
      const message = repeat?.control?.error?.message;
      return html`${fault.red}${message ? html` <span lang="en">${message}</span>` : nothing}`;
    }
    return status === 'green' ? fault.green : nothing;
  }

  #try(): void {
    if (!this.busy) this.dispatchEvent(new CustomEvent('try'));
  }
}

customElements.define('gp-fault', FaultElement);
