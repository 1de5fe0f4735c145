import type coveringTests from 'virtual:covering-tests';
import { css, html, nothing, type TemplateResult } from 'lit';
import type { PlanEntry } from '../../harness/events.ts';
import { keyOf } from '../../report/case-key.ts';
import type { CaseResult } from '../../report/schema.ts';
import { formatAddress } from '../app/address.ts';
import { type CaseState, caseStateOf, type Progress } from '../cases/case-state.ts';
import { statusStyles, statusWords } from '../cases/status.ts';
import { rowState } from './row-state.ts';
import { type ResultOf, type SuiteRow, stateOfClause } from './suite-rows.ts';
import { suitesWords } from './suites.en.ts';
import '../controls/copy-button.ts';

/** A test of page, command or repository, as the build finds it. */
type CoveringTest = (typeof coveringTests)[number];

/** What stands for a row: a case of the plan, or a test. */
export type Subject = PlanEntry | CoveringTest;

/** What the body of a row shows beside what it is. */
export interface BodyView {
  readonly resultOf: ResultOf<Subject>;
  /** How the cases of the run stand. */
  readonly progress: Progress;
  /** Whether a report of tests is open. */
  readonly tested: boolean;
  /** Leads to a case. */
  readonly toCase: (event: MouseEvent, entry: PlanEntry) => void;
  /** Leads to another row. */
  readonly toRow: (event: MouseEvent, id: string) => void;
}

/** How the body of a row looks. */
export const rowBodyStyles = [
  statusStyles,
  css`
    .body {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: var(--space-4);
      padding: var(--space-2) var(--space-3) var(--space-5);
      padding-inline-start: calc(1rem + 2 * var(--space-3));
      max-inline-size: 56rem;
    }
    .body header {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: var(--space-2) var(--space-4);
    }
    .body h4 {
      font-size: var(--text-m);
      font-weight: 650;
      margin-block-end: var(--space-1);
    }
    .clauses > li {
      display: grid;
      grid-template-columns: 8.5rem minmax(0, 1fr);
      gap: var(--space-1) var(--space-3);
      align-items: baseline;
      padding-block: var(--space-2);
      border-block-start: 1px solid var(--line);
      break-inside: avoid;
    }
    .subjects {
      grid-column: 2;
      display: grid;
      gap: var(--space-1);
      font-size: var(--text-s);
    }
    .subjects > li {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: 0 var(--space-3);
    }
    .subjects .case-state {
      align-items: baseline;
    }
    .subjects .case-state > svg {
      align-self: center;
    }
    .subjects .why {
      flex-basis: 100%;
      color: var(--muted);
      overflow-wrap: anywhere;
    }
    .subjects a,
    .subjects .title {
      overflow-wrap: anywhere;
    }
    @container (min-width: 40.01rem) {
      .body dl {
        grid-template-columns: 8.5rem minmax(0, 1fr);
        column-gap: var(--space-3);
      }
    }
    @container (max-width: 40rem) {
      .clauses > li {
        grid-template-columns: minmax(0, 1fr);
      }
      .subjects {
        grid-column: 1;
      }
    }
  `,
];

/** What was there, what is asserted here, and every clause with what stands for it. */
export function rowBody({ id, row, covered }: SuiteRow<Subject>, view: BodyView): TemplateResult {
  const suites = suitesWords();
  const { origin, asserts, clauses, sameAs, needs } = row;
  const { whole } = covered;
  return html`<div class="body">
    <header>
      <code class="small muted" lang="en">${id}</code>
      <gp-copy-button .words=${suites.copyLink} .text=${linkOf(id)}></gp-copy-button>
    </header>
    <dl>
      <dt>${suites.there}</dt>
      <dd><span lang="en">${sentence(origin.words)}</span> ${suites.did[origin.did][1]}</dd>
      <dt>${suites.here}</dt>
      <dd lang="en">${asserts}</dd>
      ${sameAs ? html`<dt>${suites.sameAs}</dt><dd lang="en"><a href=${addressOf(sameAs)} @click=${(event: MouseEvent) => view.toRow(event, sameAs)}>${sameAs}</a></dd>` : nothing}
      ${needs ? html`<dt>${suites.needs}</dt><dd lang="en">${needs.join(', ')}</dd>` : nothing}
    </dl>
    <section>
      <h4>${suites.clauses}</h4>
      <ul class="clauses" role="list">
        ${whole.length > 0 ? clause(suites.whole, whole, whole, view) : nothing}
        ${Object.entries(clauses).map(([name, text]) => {
          const subjects = covered.clauses.get(name) ?? [];
          const said = html`<span lang="en">${text}</span>`;
          return clause(said, [...whole, ...subjects], subjects, view);
        })}
      </ul>
    </section>
  </div>`;
}

/** A clause stands as the cases and tests of `all` do, and those of `listed` are named below it. */
function clause(
  said: TemplateResult | string,
  all: readonly Subject[],
  listed: readonly Subject[],
  view: BodyView,
) {
  return html`<li>
    ${rowState(stateOfClause(all, view.resultOf))}
    <p>${said}</p>
    ${listed.length > 0 ? html`<ul class="subjects" role="list">${listed.map((subject) => html`<li>${subjectWords(subject, view)}</li>`)}</ul>` : nothing}
  </li>`;
}

function subjectWords(subject: Subject, view: BodyView) {
  const result = view.resultOf(subject);
  const why = result ? reasonOf(result) : undefined;
  return html`${'title' in subject ? test(subject, result, view) : check(subject, view)}
    ${why ? html`<span class="why" lang="en">${why}</span>` : nothing}
    ${result?.status === 'pass' && result.control?.status === 'green' ? html`<span class="why">${suitesWords().greenControl}</span>` : nothing}`;
}

function check(entry: PlanEntry, { progress, toCase }: BodyView) {
  const { id, tier } = entry;
  const href = formatAddress({ view: 'check', options: { tier, filters: [id] }, others: [] });
  return html`<a class="mono" lang="en" href=${href} @click=${(event: MouseEvent) => toCase(event, entry)}>${id}</a>
    ${statusWords(caseStateOf(keyOf(entry), progress))}`;
}

function test(
  { title, file, backend }: CoveringTest,
  result: CaseResult | undefined,
  { tested }: BodyView,
) {
  const { kinds, noReport, notInReport, redControl } = suitesWords();
  const state: CaseState | undefined = result?.status;
  const { control } = result ?? {};
  return html`<span class="title" lang="en">${title}</span>
    <span class="muted">${kinds[backend]}, <code>${file}</code></span>
    ${state ? statusWords(state) : html`<span class="muted">${tested ? notInReport : noReport}</span>`}
    ${control?.status === 'red' ? html`<span class="why">${redControl} <span lang="en">${control.fault}</span></span>` : nothing}`;
}

function reasonOf({ error, skip }: CaseResult): string | undefined {
  return error?.message ?? skip?.detail;
}

/** What a test did is a part of a sentence whose subject it is. */
function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/** The address of a row on this page. */
function addressOf(row: string): string {
  return formatAddress({ view: 'suites', row, options: {}, others: [] });
}

function linkOf(row: string): string {
  return new URL(addressOf(row), location.href).href;
}
