import { css, html, nothing, svg } from 'lit';
import { icon } from '../controls/icons.ts';
import { unitsWords } from '../messages/units.en.ts';
import { CASE_STATES, type CaseState, caseStateOf, type Progress } from './case-state.ts';
import { listWords } from './list.en.ts';
import { shapeOf, toneOf } from './status.ts';
import type { Counts, Row } from './suite-tree.ts';

/** Height of a row in units of the page's text. */
export const ROW_REM = 2.25;

/** How the rows of a tree look. */
export const rowStyles = css`
  .row {
    position: absolute;
    inset-block-start: 0;
    inset-inline: 0;
    block-size: 2.25rem;
    display: flex;
    align-items: center;
    gap: var(--space-2);
    padding-inline: var(--space-3);
    cursor: pointer;
    white-space: nowrap;
    font-size: var(--text-s);
    contain: layout paint style;
  }
  .row:hover {
    background: var(--sunken);
  }
  .row[aria-selected='true'] {
    background: var(--sunken);
    box-shadow: inset 3px 0 0 var(--accent);
  }
  .row:focus-visible {
    outline-offset: -3px;
  }
  .caret {
    flex: none;
    inline-size: 1rem;
    block-size: 1rem;
    color: var(--muted);
  }
  [aria-expanded='true'] > .caret svg {
    transform: rotate(90deg);
  }
  .name {
    flex: 1;
    min-inline-size: 4rem;
    overflow: hidden;
    text-overflow: ellipsis;
    font-family: var(--mono);
    font-size: 0.8125rem;
  }
  .wrong,
  .status {
    display: inline-flex;
    align-items: center;
    gap: 0.3em;
    font-variant-numeric: tabular-nums;
    color: var(--muted);
  }
  .bad {
    color: var(--bad);
    font-weight: 600;
  }
  .good {
    color: var(--good);
  }
  /*
   * The name of the row tells these in words; as text they would be a second label that differs
   * from it.
   */
  [data-count]::after {
    content: attr(data-count);
  }
  .size {
    min-inline-size: 2.5rem;
    text-align: end;
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .bar {
    flex: none;
    inline-size: 4rem;
    block-size: 0.375rem;
    border-radius: 3px;
    overflow: hidden;
    background: var(--line);
  }
  .bar rect.good {
    fill: var(--good);
  }
  .bar rect.bad {
    fill: var(--bad);
  }
  .bar rect.none {
    fill: var(--control-line);
  }
  .bar rect.live {
    fill: var(--accent);
  }
  .run {
    flex: none;
    display: none;
    inline-size: 1.75rem;
    block-size: 1.75rem;
    padding: 0;
    place-items: center;
    border: 1px solid var(--control-line);
    border-radius: var(--radius-s);
    background: var(--surface);
    color: var(--accent);
    cursor: pointer;
  }
  @media (hover: hover) {
    .row:hover .run {
      display: grid;
    }
  }
  @media (forced-colors: active) {
    .bar {
      background: none;
      border: 1px solid CanvasText;
    }
    .bar rect.bad {
      fill: Highlight;
    }
    .bar rect.none,
    .bar rect.live {
      fill: GrayText;
    }
    .row[aria-selected='true'] {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
`;

/** Where a row stands, and what of it a person has done. */
export interface RowPlace {
  readonly index: number;
  /** Its upper edge in the list, in CSS pixels. */
  readonly start: number;
  /** Whether Tab leads to it. */
  readonly current: boolean;
  /** Whether its details are shown. */
  readonly chosen: boolean;
}

/** What the rows tell of. */
export interface RowFacts {
  readonly counts: ReadonlyMap<string, Counts>;
  readonly progress: Progress;
  readonly runnable: boolean;
}

/** A branch or a case as one line of the tree. */
export function treeRow(row: Row, { index, start, current, chosen }: RowPlace, facts: RowFacts) {
  const branch = 'branch' in row;
  return html`<div
    class="row"
    role="treeitem"
    data-index=${index}
    tabindex=${current ? 0 : -1}
    aria-level=${row.level}
    aria-posinset=${row.position}
    aria-setsize=${row.siblings}
    aria-expanded=${branch ? row.open : nothing}
    aria-selected=${chosen}
    aria-label=${spoken(row, facts)}
    .style=${`transform: translateY(${start}px); padding-inline-start: ${row.level * 0.875}rem`}
  >
    <span class="caret">${branch ? icon('caret') : nothing}</span>
    <span class="name" title=${branch ? row.branch.path : row.leaf.entry.id} lang="en">${labelOf(row)}</span>
    ${facts.runnable ? html`<button class="run" tabindex="-1" aria-hidden="true" data-run>${icon('run')}</button>` : nothing}
    ${branch ? shares(facts.counts.get(row.branch.path) ?? {}, row.branch.size) : status(caseStateOf(row.leaf.key, facts.progress))}
  </div>`;
}

/** The name of a row as it is shown. */
export function labelOf(row: Row): string {
  return 'branch' in row ? row.branch.label : row.leaf.label;
}

/** What is read out: the name, and how the row stands. */
function spoken(row: Row, { counts, progress }: RowFacts): string {
  const list = listWords();
  if ('leaf' in row)
    return `${labelOf(row)}, ${list.caseStates[caseStateOf(row.leaf.key, progress)]}`;
  const below = counts.get(row.branch.path) ?? {};
  const parts = CASE_STATES.flatMap((caseState) => {
    const count = below[caseState];
    return count && caseState !== 'not-run' ? [list.caseState(count, caseState)] : [];
  });
  // How many there are is said where one state does not tell it.
  const size =
    parts.length === 1 && Object.values(below).includes(row.branch.size)
      ? []
      : [list.checks(row.branch.size)];
  return [labelOf(row), ...size, ...parts].join(', ');
}

function status(caseState: CaseState) {
  if (caseState === 'not-run') return nothing;
  return html`<span class="status ${toneOf(caseState)}">${icon(shapeOf(caseState))}${listWords().caseStates[caseState]}</span>`;
}

function shares(counts: Counts, size: number) {
  const wrong =
    (counts.fail ?? 0) + (counts.error ?? 0) + (counts.timeout ?? 0) + (counts.lost ?? 0);
  const { number } = unitsWords();
  return html`${wrong > 0 ? html`<span class="wrong bad" data-count=${number(wrong)}>${icon('bad')}</span>` : nothing}
    ${bar(counts, size)}<span class="size" data-count=${number(size)}></span>`;
}

/**
 * Shares of a branch as one thin bar: right, wrong, skipped, running; the rest is still to come.
 */
function bar(counts: Counts, size: number) {
  const shares: readonly (readonly [tone: string, caseStates: readonly CaseState[]])[] = [
    ['bad', ['fail', 'error', 'timeout', 'lost']],
    ['good', ['pass']],
    ['none', ['skip']],
    ['live', ['running']],
  ];
  let at = 0;
  return html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
    ${shares.map(([tone, caseStates]) => {
      const width =
        (100 * caseStates.reduce((sum, caseState) => sum + (counts[caseState] ?? 0), 0)) / size;
      const from = at;
      at += width;
      return width === 0
        ? nothing
        : svg`<rect class=${tone} x=${from} width=${width} height="6" />`;
    })}
  </svg>`;
}
