import { css } from 'lit';

/** What lists of runs have alike: a heading, and a row for each run, which begins with its name. */
export const runListStyles = css`
  :host {
    display: block;
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-3);
  }
  ul {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  li {
    display: grid;
    gap: var(--space-2) var(--space-4);
    padding: var(--space-3) var(--space-4);
  }
  li + li {
    border-block-start: 1px solid var(--line);
  }
  .name {
    font-weight: 600;
  }
`;
