import { css } from 'lit';

/** What every element starts from: boxes, headings, text, links, focus. */
export const base = css`
  :host {
    display: block;
    /* Large text in a narrow window breaks words rather than the page. */
    overflow-wrap: anywhere;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  h4,
  p,
  ul,
  ol,
  dl,
  dd,
  figure,
  pre {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h1 {
    font-size: var(--text-xxl);
    line-height: 1.12;
    letter-spacing: -0.022em;
    font-weight: 680;
    text-wrap: balance;
  }
  h2 {
    font-size: var(--text-xl);
    line-height: 1.25;
    letter-spacing: -0.012em;
    font-weight: 650;
  }
  h3 {
    font-size: var(--text-m);
    font-weight: 650;
  }
  p {
    text-wrap: pretty;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.18em;
  }
  summary {
    cursor: pointer;
    width: fit-content;
    min-height: 1.5rem;
    list-style: none;
  }
  summary::-webkit-details-marker {
    display: none;
  }
  /* The caret of icons.ts, so that a column has one kind. */
  summary::before {
    content: '';
    display: inline-block;
    inline-size: 0.45em;
    block-size: 0.45em;
    margin-inline: 0.15em 0.75em;
    border: solid currentColor;
    border-width: 1.7px 1.7px 0 0;
    translate: 0 -0.1em;
    rotate: 45deg;
    transition: rotate var(--quick);
  }
  details[open] > summary::before {
    rotate: 135deg;
  }
  :host(:dir(rtl)) details:not([open]) > summary::before {
    rotate: 225deg;
  }
  @media print {
    /* Paper cannot be opened. */
    summary::before {
      display: none;
    }
    details::details-content {
      content-visibility: visible;
    }
  }
  code,
  .mono {
    font-family: var(--mono);
    font-size: 0.92em;
    overflow-wrap: anywhere;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: var(--text-s);
  }
  /* Ids, code and drawings run from left to right in every language. */
  code,
  pre,
  .mono {
    direction: ltr;
    unicode-bidi: isolate;
  }
  svg {
    direction: ltr;
  }
  :host(:dir(rtl)) [aria-expanded='false'] > svg {
    scale: -1 1;
  }
  :focus-visible {
    outline: 3px solid var(--focus);
    outline-offset: 2px;
    border-radius: var(--radius-s);
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;

/** Buttons, fields and links that look like buttons. */
export const controls = css`
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
    margin-block-end: var(--space-2);
    font-weight: 650;
  }
  button,
  .button,
  select,
  input {
    font: inherit;
    color: inherit;
    border: 1px solid var(--control-line);
    border-radius: var(--radius-s);
    background: var(--surface);
    padding: var(--space-2) var(--space-4);
    min-height: 2.75rem;
    line-height: 1.3;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--space-2);
    font-weight: 560;
    cursor: pointer;
    text-decoration: none;
    transition:
      background var(--quick),
      border-color var(--quick);
  }
  button:hover:not(:disabled, [aria-disabled='true']),
  .button:hover {
    border-color: var(--accent);
    background: var(--sunken);
  }
  button:disabled,
  button[aria-disabled='true'] {
    cursor: not-allowed;
    color: var(--muted);
    border-style: dashed;
  }
  button:is(.primary, [aria-pressed='true']):not(:disabled, [aria-disabled='true']) {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  button:is(.primary, [aria-pressed='true']):hover:not(:disabled, [aria-disabled='true']) {
    background: var(--accent-strong);
    border-color: var(--accent-strong);
  }
  button.large {
    font-size: var(--text-l);
    min-height: 3.5rem;
    padding: var(--space-3) var(--space-6);
    border-radius: var(--radius);
  }
  button.quiet,
  .button.quiet {
    min-height: 2.25rem;
    padding: var(--space-1) var(--space-3);
    font-size: var(--text-s);
  }
  @media print {
    /* What can be pressed says nothing on paper. */
    .row > button,
    button.primary,
    button.large,
    button.quiet,
    .button.quiet,
    input[type='file'] {
      display: none;
    }
  }
  @media (forced-colors: active) {
    button:is(.primary, [aria-pressed='true']):not(:disabled, [aria-disabled='true']) {
      forced-color-adjust: none;
      background: Highlight;
      border-color: Highlight;
      color: HighlightText;
    }
  }
  input,
  select {
    padding-inline: var(--space-3);
    min-width: 0;
  }
  ::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: var(--space-3);
    align-items: center;
  }
`;

/** Facts in a definition list: what each is, and what is known of it. */
export const facts = css`
  dl {
    display: grid;
    grid-template-columns: minmax(7rem, auto) 1fr;
    gap: var(--space-1) var(--space-4);
  }
  dt {
    color: var(--muted);
  }
  dd {
    overflow-wrap: anywhere;
  }
  @media (max-width: 34rem) {
    dl {
      grid-template-columns: minmax(0, 1fr);
    }
    dd + dt {
      margin-block-start: var(--space-2);
    }
  }
`;

/** Panels and the four tones of an answer; each tone also has its own icon and words. */
export const panels = css`
  .panel {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: var(--space-5);
  }
  .tone {
    border: 1px solid var(--line);
    border-inline-start: 5px solid var(--muted);
    border-radius: var(--radius);
    background: var(--sunken);
    padding: var(--space-4) var(--space-5);
  }
  gp-answer > * {
    display: block;
    margin-block-start: var(--space-4);
  }
  .tone.good {
    border-inline-start-color: var(--good);
    background: var(--good-soft);
  }
  .tone.bad {
    border-inline-start-color: var(--bad);
    background: var(--bad-soft);
  }
  .tone.warn {
    border-inline-start-color: var(--warn);
    background: var(--warn-soft);
  }
  @media (max-width: 30rem) {
    .panel,
    .tone {
      padding: var(--space-4);
    }
  }
`;
