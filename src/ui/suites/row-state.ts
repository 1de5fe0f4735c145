import { css, html, type TemplateResult } from 'lit';
import { type IconName, icon } from '../controls/icons.ts';
import type { RowState } from './suite-rows.ts';
import { suitesWords } from './suites.en.ts';

const SHOWN: Readonly<Record<RowState, readonly [icon: IconName, tone: string]>> = {
  right: ['good', 'good'],
  wrong: ['bad', 'bad'],
  partly: ['half', ''],
  skipped: ['none', ''],
  'not-run': ['none', ''],
  planned: ['waiting', ''],
};

/** What {@link rowState} needs of the styles around it. */
export const rowStateStyles = css`
  .state {
    display: inline-flex;
    align-items: baseline;
    gap: 0.35em;
    white-space: nowrap;
    font-size: var(--text-s);
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .state > svg {
    align-self: center;
  }
  .state.good {
    color: var(--good);
  }
  .state.bad {
    color: var(--bad);
    font-weight: 600;
  }
`;

/** How a row or a clause stands, or how many do: a shape and a word, never colour alone. */
export function rowState(state: RowState, count?: number): TemplateResult {
  const { states, counted } = suitesWords();
  const [shape, tone] = SHOWN[state];
  return html`<span class="state ${tone}">${icon(shape)}${count === undefined ? states[state] : counted(count, state)}</span>`;
}
