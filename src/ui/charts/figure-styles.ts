import { css } from 'lit';

/**
 * Classes of what a plot draws: `line`, `rule` (dashed), `dot`, `ring`, `bar`, `area`, `grid`,
 * `axis`, `tick`, each with an ink: `s1` to `s4` or `back`. Text needs none.
 */
export const figureStyles = css`
  .s1 {
    --ink-here: var(--series-1);
  }
  .s2 {
    --ink-here: var(--series-2);
  }
  .s3 {
    --ink-here: var(--series-3);
  }
  .s4 {
    --ink-here: var(--series-4);
  }
  .back {
    --ink-here: var(--muted);
  }
  figcaption {
    font-weight: 650;
    margin-block-end: var(--space-2);
  }
  .plot {
    display: block;
    inline-size: 100%;
    block-size: auto;
    overflow: visible;
  }
  text {
    fill: var(--muted);
    font-family: var(--font);
    font-size: 13px;
    font-variant-numeric: tabular-nums;
  }
  text.caption {
    fill: var(--ink);
    font-size: 16px;
    font-weight: 650;
  }
  text.here {
    fill: var(--ink);
    stroke: var(--surface);
    stroke-width: 4;
    stroke-linejoin: round;
    paint-order: stroke;
  }
  .leader {
    stroke: var(--muted);
  }
  .grid {
    stroke: var(--line);
  }
  .axis,
  .tick {
    stroke: var(--control-line);
  }
  .line {
    fill: none;
    stroke: var(--ink-here);
    stroke-width: 2;
    stroke-linejoin: round;
  }
  .rule {
    fill: none;
    stroke: var(--ink-here);
    stroke-width: 1.5;
    stroke-dasharray: 5 5;
  }
  .dot {
    fill: var(--ink-here);
    stroke: var(--surface);
  }
  .ring {
    fill: var(--surface);
    stroke: var(--ink-here);
    stroke-width: 2.5;
  }
  .bar {
    fill: var(--ink-here);
  }
  .area {
    fill: var(--ink-here);
    fill-opacity: 0.16;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-1) var(--space-5);
    margin-block-start: var(--space-2);
    font-size: var(--text-s);
    color: var(--muted);
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: var(--space-2);
  }
  .legend svg {
    flex: none;
  }
  figure {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: start;
    gap: 0 var(--space-4);
  }
  figcaption,
  .plot,
  .legend {
    grid-column: 1 / -1;
  }
  details {
    margin-block-start: var(--space-3);
    font-size: var(--text-s);
    min-width: 0;
  }
  details[open] {
    grid-column: 1 / -1;
    order: 2;
  }
  .files {
    display: flex;
    gap: var(--space-1);
    margin-block-start: var(--space-2);
    justify-self: end;
    grid-column: -2;
  }
  .files button {
    border-color: transparent;
    background: none;
    color: var(--muted);
    min-height: 1.75rem;
    padding: 0 var(--space-2);
  }
  .scroll {
    max-height: 18rem;
    overflow: auto;
    margin-block-start: var(--space-2);
  }
  table {
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    text-align: end;
    padding: var(--space-1) var(--space-4);
    border-block-end: 1px solid var(--line);
    font-weight: 400;
  }
  th:first-child {
    text-align: start;
    overflow-wrap: anywhere;
  }
  thead th {
    position: sticky;
    inset-block-start: 0;
    background: var(--surface);
    font-weight: 600;
  }
  @media (forced-colors: active) {
    .grid {
      stroke: GrayText;
    }
    text.here {
      /* Its edge keeps it apart from what it stands on. */
      forced-color-adjust: none;
    }
  }
  @media (max-width: 24rem) {
    figure {
      grid-template-columns: minmax(0, 1fr);
    }
    .files {
      justify-self: start;
      margin-inline-start: calc(-1 * var(--space-2));
    }
  }
  @media print {
    .files,
    details {
      display: none;
    }
  }
`;
