import { css, html, LitElement, nothing } from 'lit';
import type { DecodedLink, LinkedCase } from '../../harness/link/decode.ts';
import { base, panels } from '../styles.ts';
import './status.ts';

/** The cases of a link by suite, as far as its plan is known: statuses and shares of the bound. */
export class LinkedSuites extends LitElement {
  static override properties = { link: { attribute: false } };
  static override styles = [
    base,
    panels,
    css`
      details {
        border: 1px solid var(--line);
        background: var(--surface);
      }
      details + details {
        border-top: 0;
      }
      summary {
        padding: var(--space-3) var(--space-4);
        cursor: pointer;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-4);
        padding: var(--space-1) var(--space-4);
        border-top: 1px solid var(--line);
      }
      .id {
        flex: 1 1 16rem;
      }
      h2 {
        margin-block-end: var(--space-3);
      }
    `,
  ];
  declare link: DecodedLink;

  override render() {
    const ran = this.link.cases.filter(({ status, id }) => status !== 'not-run' && id !== undefined);
    if (ran.length === 0) return nothing;
    const suites = Map.groupBy(ran, ({ id }) => id?.split(':')[0] ?? '');
    return html`<h2>Its checks</h2>
      ${[...suites].map(([name, cases]) => this.#suite(name, cases))}`;
  }

  #suite(name: string, cases: readonly LinkedCase[]) {
    const right = cases.filter(({ status }) => status === 'pass').length;
    return html`<details>
      <summary><span class="mono small">${name}</span> <span class="small muted">${right} of ${cases.length} right</span></summary>
      <ul>
        ${cases.map(
          ({ id, status, boundUsed }) => html`<li>
            <span class="id mono small">${id}</span>
            ${boundUsed === undefined ? nothing : html`<span class="small muted">bound used: ${share(boundUsed)}</span>`}
            ${status === 'not-run' ? nothing : html`<gp-status .standing=${status}></gp-status>`}
          </li>`,
        )}
      </ul>
    </details>`;
  }
}

/** A link rounds the share up by at most 9 %. */
function share(boundUsed: number): string {
  if (!Number.isFinite(boundUsed)) return 'over 90 bounds';
  return boundUsed < 0.001 ? 'under 0.1 %' : `at most ${(boundUsed * 100).toPrecision(2)} %`;
}

customElements.define('gp-linked-suites', LinkedSuites);
