import { css, html, nothing, type TemplateResult } from 'lit';
import { rowState, rowStateStyles } from './row-state.ts';
import type { RowState, SuiteRow } from './suite-rows.ts';
import { suitesWords } from './suites.en.ts';

/** How the rows of the list look. */
export const suiteRowStyles = [
  rowStateStyles,
  css`
    .row-of-suite {
      border-block-end: 1px solid var(--line);
      scroll-margin-block-start: var(--space-5);
      content-visibility: auto;
      contain-intrinsic-block-size: auto 2.75rem;
    }
    .row-of-suite.pointed {
      box-shadow: inset 3px 0 0 var(--accent);
    }
    .row-of-suite > details > summary {
      inline-size: auto;
      display: grid;
      grid-template-columns: 1rem 8.5rem minmax(0, 1fr) auto;
      gap: var(--space-1) var(--space-3);
      align-items: baseline;
      align-content: center;
      min-block-size: 2.75rem;
      padding: var(--space-2) var(--space-3);
    }
    .row-of-suite > details > summary:hover {
      background: var(--sunken);
    }
    .row-of-suite > details > summary:focus-visible {
      outline-offset: -3px;
    }
    .row-of-suite > details > summary::before {
      margin-inline-end: 0;
    }
    .test {
      font-family: var(--mono);
      font-size: 0.875rem;
      overflow-wrap: anywhere;
    }
    .did {
      color: var(--muted);
      font-size: var(--text-s);
    }
    @container (max-width: 40rem) {
      .row-of-suite > details > summary {
        grid-template-columns: 1rem max-content minmax(0, 1fr);
      }
      .row-of-suite .test {
        grid-column: 2 / -1;
        grid-row: 1;
      }
      .row-of-suite > details > summary > .state {
        grid-column: 2;
      }
      .did {
        text-align: end;
      }
    }
    @media print {
      .row-of-suite {
        content-visibility: visible;
        break-inside: avoid;
      }
      .row-of-suite > details > summary::before {
        display: block;
        visibility: hidden;
      }
    }
  `,
];

/** What a row shows beside what it is. */
export interface RowView {
  readonly state: RowState;
  readonly open: boolean;
  /** A link points at it. */
  readonly pointed: boolean;
  readonly turn: (open: boolean) => void;
  /** What is behind it, made when it is open. */
  readonly body: () => TemplateResult;
}

/** A row of the list: how it stands, what the test was called, and what it did. */
export function suiteRow<Subject>(
  { id, row: { origin } }: SuiteRow<Subject>,
  { state, open, pointed, turn, body }: RowView,
): TemplateResult {
  const { did: words, didThere } = suitesWords();
  const [did] = words[origin.did];
  const toggle = ({ currentTarget }: Event) => turn((currentTarget as HTMLDetailsElement).open);
  return html`<li class="row-of-suite ${pointed ? 'pointed' : ''}" data-row=${id}>
    <details ?open=${open} @toggle=${toggle}>
      <summary>
        ${rowState(state)}
        <span class="test" lang="en">${origin.test}</span>
        <span class="did">${didThere(did)}</span>
      </summary>
      ${open ? body() : nothing}
    </details>
  </li>`;
}
