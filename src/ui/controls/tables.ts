import { css } from 'lit';

/** Tables of numbers, which scroll by themselves where there is no room. */
export const tables = css`
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-size: var(--text-s);
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    text-align: start;
    vertical-align: middle;
    padding: var(--space-1) var(--space-3) var(--space-1) 0;
    border-block-end: 1px solid var(--line);
    white-space: nowrap;
  }
  thead th {
    color: var(--muted);
    font-weight: 400;
  }
  tbody th {
    font-weight: 600;
  }
  .mono {
    font-family: var(--mono);
    font-size: 0.8125rem;
  }
`;

/** Tables that show two results side by side; words take the lines that they need. */
export const sideBySide = css`
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    font-size: var(--text-s);
    width: 100%;
  }
  th,
  td {
    text-align: start;
    vertical-align: top;
    font-weight: 400;
    padding: var(--space-2) var(--space-4) var(--space-2) 0;
    border-block-end: 1px solid var(--line);
    overflow-wrap: anywhere;
    min-width: 6rem;
  }
  th {
    color: var(--muted);
  }
`;
