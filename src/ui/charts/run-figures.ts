import { css } from 'lit';

/** Figures of a run that goes on: each number below its name, side by side. */
export const runFigures = css`
  dl {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-2) var(--space-6);
    font-variant-numeric: tabular-nums;
  }
  dt {
    font-size: var(--text-s);
    color: var(--muted);
  }
  dd {
    font-size: var(--text-l);
  }
`;
