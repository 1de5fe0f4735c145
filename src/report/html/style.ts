/**
 * The style sheet of a saved report: light and dark by the system's choice, high contrast, print.
 */
export const STYLE = `:root {
  color-scheme: light dark;
  --page: #faf9f6;
  --surface: #fff;
  --ink: #1b1d21;
  --muted: #585c63;
  --line: #dcd8d0;
  --good: #14663a;
  --bad: #a3241d;
  --open: #735000;
  --note: #fbf1db;
  --focus: #1a5fd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131518;
    --surface: #1b1e22;
    --ink: #ebe9e4;
    --muted: #a6aab1;
    --line: #343840;
    --good: #82d3a4;
    --bad: #ff9d93;
    --open: #f0c56f;
    --note: #2d2411;
    --focus: #8ab4ff;
  }
}
@media (prefers-contrast: more) {
  :root {
    --muted: var(--ink);
    --line: var(--ink);
  }
}
* {
  box-sizing: border-box;
}
body {
  max-width: 76rem;
  margin: 0 auto;
  padding: 1.5rem clamp(1rem, 4vw, 3rem);
  font:
    1rem / 1.55 system-ui,
    sans-serif;
  color: var(--ink);
  background: var(--page);
  overflow-wrap: anywhere;
}
h1 {
  font-size: clamp(1.6rem, 1.1rem + 2.4vw, 2.5rem);
  line-height: 1.15;
  margin: 0.25rem 0 0.75rem;
}
h2 {
  font-size: 1.4rem;
  margin: 2.5rem 0 0.75rem;
}
h3 {
  font-size: 1rem;
  margin: 0 0 0.5rem;
}
p {
  margin: 0.4rem 0;
}
code,
pre {
  font-family: ui-monospace, monospace;
  font-size: 0.92em;
}
pre {
  overflow-x: auto;
  overflow-wrap: normal;
  margin: 0.75rem 0 0;
  padding: 0.6rem 0.8rem;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--page);
}
article,
details.suite {
  margin-block: 0.75rem;
  padding: 0.8rem 1rem;
  border: 1px solid var(--line);
  border-radius: 8px;
  background: var(--surface);
}
details.suite {
  content-visibility: auto;
  contain-intrinsic-size: auto 3.2rem;
  margin-block: 0.4rem;
  padding-block: 0.5rem;
}
summary {
  cursor: pointer;
}
.note {
  padding: 0.6rem 0.8rem;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--note);
}
.muted {
  color: var(--muted);
}
.good {
  color: var(--good);
}
.bad {
  color: var(--bad);
}
.open {
  color: var(--open);
}
.mosaic {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr));
  gap: 1rem 2rem;
  margin: 0.75rem 0;
  padding: 0;
  list-style: none;
}
.mosaic h3,
.mosaic p {
  margin: 0 0 0.2rem;
}
.mosaic svg {
  max-width: 100%;
  fill: var(--muted);
}
.mosaic .right {
  fill: var(--good);
}
.mosaic .wrong {
  fill: var(--bad);
}
.mosaic .expected {
  fill: var(--open);
}
dl {
  display: grid;
  grid-template-columns: minmax(8rem, auto) 1fr;
  gap: 0.3rem 1rem;
}
dt {
  color: var(--muted);
}
dd {
  margin: 0;
}
.wide {
  overflow-x: auto;
  margin-block: 0.75rem 0.25rem;
}
table {
  border-collapse: collapse;
  min-width: 100%;
  font-size: 0.9rem;
}
th,
td {
  padding: 0.3rem 0.7rem 0.3rem 0;
  border-top: 1px solid var(--line);
  text-align: start;
  vertical-align: top;
  font-weight: 400;
  min-width: 4rem;
}
th[scope="row"] {
  min-width: 16rem;
}
thead th {
  border-top: 0;
  color: var(--muted);
  white-space: nowrap;
}
.number {
  text-align: end;
  white-space: nowrap;
  font-variant-numeric: tabular-nums;
}
:focus-visible {
  outline: 3px solid var(--focus);
  outline-offset: 2px;
}
footer {
  margin-top: 3rem;
  color: var(--muted);
  font-size: 0.875rem;
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff;
    --surface: #fff;
    --ink: #000;
    --muted: #444;
    --line: #bbb;
    --good: #14663a;
    --bad: #a3241d;
    --open: #735000;
    --note: #fff;
  }
  body {
    max-width: none;
    padding: 0;
    font-size: 10pt;
  }
  article,
  tr {
    break-inside: avoid;
  }
  details.suite {
    content-visibility: visible;
  }
  details::details-content {
    content-visibility: visible;
    block-size: auto;
  }
  .wide,
  pre {
    overflow: visible;
  }
  pre {
    white-space: pre-wrap;
  }
}
`;
