import { css, html, LitElement, nothing } from 'lit';
import type { PlanEntry } from '../../harness/events.ts';
import type { CaseResult } from '../../harness/report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { icon } from '../icons.ts';
import { formatAddress } from '../state/address.ts';
import { factsOfCase } from '../state/case-facts.ts';
import { download } from '../state/download.ts';
import type { Repeat } from '../state/run-session.ts';
import type { Standing } from '../state/suite-list.ts';
import { base, controls } from '../styles.ts';
import './status.ts';

/** One case: a line, and behind it what was computed, how it went, and how to repeat it. */
export class CaseElement extends LitElement {
  static override properties = {
    entry: { attribute: false },
    standing: { attribute: false },
    result: { attribute: false },
    files: { attribute: false },
    repeat: { attribute: false },
    repeating: { attribute: false },
    open: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      .line {
        width: 100%;
        min-height: 2.5rem;
        justify-content: flex-start;
        border: 0;
        border-radius: 0;
        background: none;
        text-align: start;
        font-weight: 400;
        padding: var(--space-2) var(--space-4) var(--space-2) var(--space-5);
      }
      .line > svg {
        flex: none;
        color: var(--muted);
        transition: transform var(--quick);
      }
      .line[aria-expanded='true'] > svg {
        transform: rotate(90deg);
      }
      :focus-visible {
        outline-offset: -3px;
      }
      .id {
        flex: 1;
        font-family: var(--mono);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }
      .finding {
        display: inline-flex;
        align-items: center;
        gap: 0.35em;
        font-size: var(--text-s);
        color: var(--warn);
      }
      .body {
        padding: 0 var(--space-4) var(--space-4) calc(var(--space-5) + 1.5rem);
        display: grid;
        gap: var(--space-3);
      }
      dl {
        display: grid;
        grid-template-columns: minmax(8rem, auto) 1fr;
        gap: var(--space-1) var(--space-4);
        font-size: var(--text-s);
      }
      dt {
        color: var(--muted);
      }
      dd {
        overflow-wrap: anywhere;
      }
      @media (max-width: 34rem) {
        .body {
          padding-inline: var(--space-4);
        }
        dl {
          grid-template-columns: 1fr;
        }
        dd + dt {
          margin-block-start: var(--space-2);
        }
      }
    `,
  ];
  declare entry: PlanEntry;
  declare standing: Standing;
  declare result: CaseResult | undefined;
  declare files: readonly OutputFile[];
  declare repeat: Repeat;
  declare repeating: boolean;
  declare open: boolean;

  constructor() {
    super();
    this.files = [];
    this.open = false;
  }

  override render() {
    const { id, suite } = this.entry;
    return html`
      <button class="line" aria-expanded=${this.open} aria-controls="body" @click=${this.#toggle}>
        ${icon('caret')}<span class="id">${breakable(id.startsWith(`${suite}:`) ? id.slice(suite.length + 1) : id)}</span>
        ${this.result?.finding ? html`<span class="finding">${icon('alert')}finding</span>` : nothing}
        <gp-status .standing=${this.standing}></gp-status>
      </button>
      <div id="body" class="body" ?hidden=${!this.open}>${this.open ? this.#body() : nothing}</div>
    `;
  }

  #toggle(): void {
    this.open = !this.open;
  }

  #body() {
    const { id, suite, tier, description } = this.entry;
    return html`
      <p>${description}</p>
      <dl>
        ${factsOfCase(this.entry, this.result).map(({ term, text, mono }) => html`<dt>${term}</dt><dd class=${mono ? 'mono' : ''}>${text}</dd>`)}
        <dt>Id</dt>
        <dd class="mono">${id}</dd>
      </dl>
      <div class="row">
        <button class="quiet" ?disabled=${this.repeating} @click=${this.#repeat}>${this.repeating ? 'Repeating…' : 'Repeat this check alone'}</button>
        ${this.files.map(({ name, data }) => html`<button class="quiet" @click=${() => download(name, data, 'application/octet-stream')}>Save what shows it alone</button>`)}
        ${suite.startsWith('parity.') ? nothing : html`<a class="small" href=${formatAddress({ view: 'check', options: { tier, filters: [id] }, others: [] })}>Link to this check</a>`}
        ${this.repeat === undefined ? nothing : html`<span class="small" role="status">Repeated: ${repeatWords(this.repeat)}</span>`}
      </div>
    `;
  }

  #repeat(): void {
    this.dispatchEvent(new CustomEvent('repeatcase'));
  }
}

/** Lets a long id break between its parameters rather than inside of them. */
function breakable(id: string) {
  return id.split(';').map((part, i) => (i === 0 ? part : html`;<wbr />${part}`));
}

function repeatWords(repeat: NonNullable<Repeat>) {
  return typeof repeat === 'string' ? repeat : html`<gp-status .standing=${repeat.status}></gp-status>`;
}

customElements.define('gp-case', CaseElement);
