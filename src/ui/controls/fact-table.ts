import { css, html, type TemplateResult } from 'lit';

/** A table of a name and two cells a row, in its words. */
export interface FactTable {
  readonly caption: string;
  readonly heads: readonly [string, string, string];
  readonly rows: readonly (readonly [name: string, found: string, means: string])[];
}

/** Of {@link factTable}, and of the summary under which it is folded. */
export const factTableStyles = css`
  summary {
    font-weight: 650;
    color: var(--muted);
  }
  table {
    margin-block-start: var(--space-3);
    border-collapse: collapse;
    width: 100%;
  }
  caption {
    text-align: start;
    color: var(--muted);
    font-size: var(--text-s);
    padding-block-end: var(--space-2);
  }
  th,
  td {
    text-align: start;
    vertical-align: top;
    /* Breaks no word that the column could hold. */
    overflow-wrap: break-word;
    padding: var(--space-2) var(--space-3) var(--space-2) 0;
    border-block-start: 1px solid var(--line);
  }
  tbody th {
    font-weight: 600;
  }
  @media (max-width: 40rem) {
    /*
     * One fact under the other; the roles in the template keep this a table for screen readers.
     */
    thead {
      display: none;
    }
    tr,
    tbody th,
    td {
      display: block;
    }
    tr {
      border-block-start: 1px solid var(--line);
      padding-block: var(--space-2);
    }
    th,
    td {
      border: 0;
      padding: 0;
    }
  }
`;

/** The table; the element that shows it has {@link factTableStyles}. */
export function factTable({ caption, heads, rows }: FactTable): TemplateResult {
  return html`<table role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${heads.map((head) => html`<th role="columnheader" scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        ([name, found, means]) => html`<tr role="row">
          <th role="rowheader" scope="row">${name}</th>
          <td role="cell">${found}</td>
          <td role="cell">${means}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}
