import { css, html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { rowState } from './row-state.ts';
import type { RowState, Suite, SuiteRow } from './suite-rows.ts';
import { suitesWords } from './suites.en.ts';

/** How a suite looks around its rows. */
export const suiteSectionStyles = css`
  .suite {
    margin-block-start: var(--space-6);
  }
  .suite > header {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: var(--space-1) var(--space-5);
    break-after: avoid;
  }
  .counts {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-1) var(--space-4);
  }
  .suite > h3 {
    margin-block: var(--space-4) var(--space-1);
    color: var(--muted);
    break-after: avoid;
  }
  .rows {
    border-block-start: 1px solid var(--line);
  }
`;

/** A suite: how many of all its rows stand how, and those that are shown, area by area. */
export function suiteSection<Subject>(
  { name, areas }: Suite<Subject>,
  stand: readonly (readonly [state: RowState, count: number])[],
  row: (each: SuiteRow<Subject>) => TemplateResult,
): TemplateResult {
  const { suites, counts } = suitesWords();
  const title = suites[name] ?? name;
  return html`<section class="suite" aria-label=${title}>
    <header>
      <h2>${title}</h2>
      <ul class="counts" role="list" aria-label=${counts(title)}>
        ${stand.map(([state, count]) => html`<li>${rowState(state, count)}</li>`)}
      </ul>
    </header>
    ${areas.map(
      (area) => html`<h3 lang="en">${area.name}</h3>
      <ul class="rows" role="list">
        ${repeat(area.rows, ({ id }) => id, row)}
      </ul>`,
    )}
  </section>`;
}
