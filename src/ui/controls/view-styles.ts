import { css } from 'lit';

/** Checkboxes with their words beside them. */
export const checks = css`
  .check {
    display: flex;
    gap: var(--space-3);
    align-items: center;
  }
  .check input {
    flex: none;
    inline-size: 1.25rem;
    min-height: 1.25rem;
    accent-color: var(--accent);
  }
`;

/** What views that ask before they compute have alike: a column of choices, and results below. */
export const viewStyles = css`
  ${checks}
  :host {
    display: grid;
    gap: var(--space-6);
    grid-template-columns: minmax(0, 1fr);
  }
  .stack {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-5);
    max-width: var(--column);
  }
  .lead {
    font-size: var(--text-l);
    color: var(--muted);
  }
  .open {
    position: relative;
  }
  .open:focus-within {
    outline: 3px solid var(--focus);
    outline-offset: 2px;
  }
`;
