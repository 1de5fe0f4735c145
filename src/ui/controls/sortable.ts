import { css, html, nothing } from 'lit';
import type { Cell } from '../../report/table.ts';
import { scrollingTable } from './scrolling-table.ts';

/** By what a person sorts a table. */
export interface Sorting<Key extends string> {
  readonly key: Key;
  readonly descending: boolean;
}

/** A scrolling table with headings that sort. */
export const sortable = [
  scrollingTable,
  css`
  th:not(:first-child),
  td {
    padding-inline: var(--space-2);
  }
  td.why {
    text-align: start;
    white-space: normal;
    min-inline-size: 16rem;
    color: var(--muted);
  }
  thead button {
    min-height: 2rem;
    padding: 0 var(--space-1);
    border-color: transparent;
    background: none;
    color: inherit;
    font-size: var(--text-s);
    font-weight: 400;
    text-align: end;
    white-space: normal;
    overflow-wrap: normal;
    gap: var(--space-1);
  }
  /* Words stand where those of their column do. */
  thead button {
    margin-inline: calc(-1 * var(--space-1) - 1px);
  }
  th[aria-sort] button {
    color: var(--ink);
    font-weight: 600;
  }
`,
];

/** A heading that sorts by its column when it is pressed, in the other direction the next time. */
export function sortHead<Key extends string>(
  label: string,
  key: Key,
  sort: Sorting<Key> | undefined,
  choose: (sort: Sorting<Key>) => void,
) {
  const isSorted = sort?.key === key;
  const direction = isSorted ? (sort.descending ? 'descending' : 'ascending') : nothing;
  const arrow = isSorted
    ? html`<span aria-hidden="true">${sort.descending ? '↓' : '↑'}</span>`
    : nothing;
  return html`<th scope="col" aria-sort=${direction}>
    <button @click=${() => choose({ key, descending: isSorted && !sort.descending })}>${label}${arrow}</button>
  </th>`;
}

/** Rows sorted by a cell, the rest in the order that they had; rows without a figure come last. */
export function sortedBy<Row>(
  rows: readonly Row[],
  of: (row: Row) => Cell,
  descending: boolean,
): readonly Row[] {
  const sign = descending ? -1 : 1;
  return rows.toSorted((one, other) => {
    const a = of(one);
    const b = of(other);
    if (a === undefined || b === undefined)
      return Number(a === undefined) - Number(b === undefined);
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
  });
}
