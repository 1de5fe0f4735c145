import { counted } from '../counted.ts';
import { groupBy } from '../group.ts';
import { type Markup, markup } from '../markup.ts';
import { plainText } from '../plain-text.ts';
import { reasonWords } from '../reason.ts';
import type { CaseResult, Report } from '../schema.ts';
import { type Verdict, verdictOf } from '../verdict.ts';

interface Column {
  readonly name: string;
  readonly numeric?: true;
  /** An empty text where a result has nothing to say; a column in which none has is left out. */
  readonly cellOf: (result: CaseResult) => string;
}

const COLUMNS: readonly Column[] = [
  { name: 'Backend', cellOf: ({ backend }) => (backend === 'webgpu' ? '' : backend) },
  {
    name: 'Why',
    cellOf: (result) =>
      verdictOf(result) === 'right' && !result.finding ? '' : reasonWords(result),
  },
  // What did not pass counts only what held before it failed: beside a failure that reads as
  // agreement.
  {
    name: 'Compared',
    numeric: true,
    cellOf: ({ status, assertions }) => (status === 'pass' ? String(assertions) : ''),
  },
  { name: 'Bound used', numeric: true, cellOf: ({ accuracy }) => boundWords(accuracy) },
  { name: 'Took', numeric: true, cellOf: ({ durationMs }) => milliseconds(durationMs) },
  {
    name: 'Steady',
    numeric: true,
    cellOf: ({ timing }) => (timing ? milliseconds(timing.medianMs) : ''),
  },
  { name: 'Control', cellOf: ({ control }) => (control ? control.status : '') },
  { name: 'Measured', cellOf: measured },
];

/** Every result in a table by suite, those with something wrong first and open. */
export function casesSection(report: Report): Markup {
  const columns = COLUMNS.filter(({ cellOf }) =>
    report.results.some((result) => cellOf(result) !== ''),
  );
  const suites = [...groupBy(report.results, ({ suite }) => suite)].map(([name, results]) => ({
    name,
    results,
  }));
  const [wrong, others] = [true, false].map((is) =>
    suites.filter(({ results }) => hasWrong(results) === is),
  );
  return markup`<section aria-labelledby="results">
<h2 id="results">All results</h2>
<p class="muted">In ${suites.length === 1 ? 'one suite' : `${suites.length} suites`}; open a suite to see its results.</p>
${[...(wrong ?? []), ...(others ?? [])].map(({ name, results }) => suiteDetails(name, results, columns))}</section>`;
}

function hasWrong(results: readonly CaseResult[]): boolean {
  return results.some((result) => verdictOf(result) === 'wrong');
}

function suiteDetails(
  name: string,
  results: readonly CaseResult[],
  columns: readonly Column[],
): Markup {
  const shown = plainText(name);
  const head = markup`<tr><th scope="col">Case</th><th scope="col">Result</th>${columns.map(({ name: column, numeric }) => (numeric ? markup`<th scope="col" class="number">${column}</th>` : markup`<th scope="col">${column}</th>`))}</tr>`;
  const open = hasWrong(results) ? markup` open=""` : markup``;
  return markup`<details class="suite"${open}><summary><code>${shown}</code> ${tally(results)}</summary>
<div class="wide" role="region" aria-label="${shown}" tabindex="0"><table>
<thead>${head}</thead>
<tbody>
${results.map((result) => row(result, columns))}</tbody>
</table></div></details>
`;
}

const TONES: Readonly<Record<Verdict, string>> = {
  right: 'good',
  wrong: 'bad',
  skipped: 'muted',
  expected: 'open',
};

function row(result: CaseResult, columns: readonly Column[]): Markup {
  const { id, suite, status } = result;
  return markup`<tr><th scope="row"><code>${plainText(id.slice(suite.length + 1))}</code></th><td class="${TONES[verdictOf(result)]}">${status}</td>${columns.map(
    ({ numeric, cellOf }) => {
      const text = plainText(cellOf(result));
      return numeric ? markup`<td class="number">${text}</td>` : markup`<td>${text}</td>`;
    },
  )}</tr>
`;
}

/** "12 pass, 1 fail" */
function tally(results: readonly CaseResult[]): string {
  return [...groupBy(results, ({ status }) => status)]
    .map(([status, those]) => `${those.length} ${status}`)
    .join(', ');
}

function boundWords(accuracy: CaseResult['accuracy']): string {
  if (!accuracy) return '';
  return accuracy.boundUsed === null
    ? 'none allowed'
    : `${Number((100 * accuracy.boundUsed).toPrecision(3))} %`;
}

function measured({ metrics = {}, series = {} }: CaseResult): string {
  return [
    ...Object.entries(metrics).map(
      ([name, value]) => `${name} ${value === null ? 'none' : Number(value.toPrecision(4))}`,
    ),
    ...Object.entries(series).map(
      ([name, values]) =>
        `${name} ${values[0] ?? 'none'} to ${values.at(-1) ?? 'none'} in ${counted(values.length, 'value')}`,
    ),
  ].join(', ');
}

function milliseconds(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}
