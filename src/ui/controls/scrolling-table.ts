import { css } from 'lit';

/** A table that scrolls below its head and beside its first column. */
export const scrollingTable = css`
  .scroll {
    max-block-size: 40rem;
    overflow: auto;
  }
  caption {
    text-align: start;
    font-size: var(--text-m);
    font-weight: 650;
    padding-block-end: var(--space-2);
  }
  table {
    inline-size: 100%;
    border-collapse: separate;
    border-spacing: 0;
  }
  th:not(:first-child),
  td {
    text-align: end;
  }
  thead th {
    position: sticky;
    inset-block-start: 0;
    z-index: 1;
    background: var(--surface);
    vertical-align: bottom;
  }
  :is(thead th, tbody th[scope='row']):first-child {
    position: sticky;
    inset-inline-start: 0;
    background: var(--surface);
  }
  thead th:first-child {
    z-index: 2;
  }
  @media print {
    .scroll {
      max-block-size: none;
    }
  }
`;
