import { toldMs } from '../../bench/held-ceilings.ts';
import type { BenchListener } from '../../bench/host.ts';
import type { Slowed } from '../../bench/slowed.ts';
import { SURE_SAMPLES } from '../../bench/statistics/slower.ts';
import { type BenchRow, benchRows, documentedMs, groupMeans } from '../../bench/summary.ts';
import { badChoices, othersWords, type VariantRow, variantRows } from '../../bench/variant-rows.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import { paint, type Voice } from './voice.ts';

/** How often a log, which cannot redraw a line, is told what is timed. Milliseconds. */
const LOG_EVERY_MS = 30_000;

/** Shows a bench while it goes on: the work that is timed, and what is left. */
export function showBench(
  voice: Voice,
  now: () => number = () => performance.now(),
): BenchListener {
  let open = false;
  let told = now();
  const erase = () => {
    if (open) voice.write('\r\x1b[K');
    open = false;
  };
  return (event) => {
    switch (event.type) {
      case 'start':
        voice.say(`${counted(event.total, 'work')} for ${event.contenders.join(', ')}`);
        return;
      case 'work': {
        const { id, done, total, remainingMs } = event;
        const left =
          remainingMs === undefined ? '' : `, about ${Math.ceil(remainingMs / 1000)} s left`;
        const line = `${done} of ${total}${left}: ${id}`;
        if (!voice.live) {
          if (now() - told < LOG_EVERY_MS) return;
          told = now();
          voice.say(line);
          return;
        }
        voice.write(`\r\x1b[K${line.slice(0, voice.columns() - 1)}`);
        open = true;
        return;
      }
      case 'results':
        erase();
        for (const result of event.results) sayProblem(voice, result);
        return;
      case 'end':
        erase();
    }
  };
}

function sayProblem(
  voice: Voice,
  { id, backend, status, error }: CaseResult | Omit<CaseResult, 'env' | 'attempts'>,
): void {
  if (!error) return;
  const head = paint(voice, 'red', status.padEnd(7));
  voice.say(`${head} ${id} on ${backend}: ${plainText(`${error.code}: ${error.message}`, 300)}`);
}

/** Names of contenders in the table, in its order. */
const COLUMNS = {
  webgpu: 'ours',
  'ort-webgpu': 'ort',
  'tfjs-webgpu': 'tfjs',
  'jax-webgpu': 'jax',
  'ort-wasm': 'wasm',
  ceiling: 'ceiling',
} as const;

const NUMBER_WIDTH = 8;
const LOOP = 'its loop';

/** The table, the means of each group, and what became slower. */
export function showBenchSummary(voice: Voice, report: Report, slowed: Slowed | undefined): void {
  const rows = benchRows(report);
  const columns = Object.entries(COLUMNS).flatMap(([backend, name]) =>
    columnsOf(rows, backend, name),
  );
  const width = Math.max(4, ...rows.map(({ id }) => nameOf(id).length));
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(width)} ${cells.map((cell) => cell.padStart(NUMBER_WIDTH)).join(' ')}`;
  voice.say(line('ms', [...columns.map(({ name }) => name), 'ratio', 'of ceil.']));
  for (const row of rows) {
    const cells = columns.map(({ cellIn }) => cellIn(row));
    const share = row.shareOfCeiling;
    voice.say(
      line(nameOf(row.id), [
        ...cells,
        row.ratio === undefined ? '' : row.ratio.toFixed(2),
        share === undefined ? '' : `${(100 * share).toFixed(0)} %`,
      ]),
    );
  }
  if (columns.some(({ name }) => name === LOOP))
    voice.say(`${LOOP}: as the documentation of the library before it shows how to run it`);
  sayMeans(voice, rows);
  sayVariants(voice, variantRows(report.results));
  if (slowed) saySlowed(voice, slowed);
  const { run, environments } = report;
  const adapter = environments[0]?.adapter;
  if (adapter?.isFallback)
    voice.say(
      paint(
        voice,
        'yellow',
        'Software rendering, no GPU in use: only ratios on one machine count.',
      ),
    );
  if (rows.some(({ results }) => results.get('ort-wasm')?.timing))
    voice.say(
      `wasm computes on the processor and counts in no ratio${adapter?.isFallback ? ': beside an adapter that is a processor too it is faster than any WGSL' : ''}`,
    );
  if (!run.complete) voice.say(paint(voice, 'yellow', 'Only a part was timed.'));
  voice.say(`${counted(rows.length, 'work')} in ${(run.durationMs / 1000).toFixed(1)} s`);
}

/** A column of the table. */
interface Column {
  readonly name: string;
  readonly cellIn: (row: BenchRow) => string;
}

/** Of who took part its figure, and beside it that of its documented loop, where it has one. */
function columnsOf(rows: readonly BenchRow[], backend: string, name: string): readonly Column[] {
  const all = rows.flatMap(({ results }) => results.get(backend) ?? []);
  if (all.every(({ status }) => status === 'skip')) return [];
  const figure = { name, cellIn: ({ results }: BenchRow) => cellOf(results.get(backend)) };
  if (all.every((result) => documentedMs(result) === undefined)) return [figure];
  const loopIn = ({ results }: BenchRow) =>
    documentedMs(results.get(backend))?.toPrecision(3) ?? '-';
  return [figure, { name: LOOP, cellIn: loopIn }];
}

const nameOf = (id: string) => id.replace(/^bench\./, '');

function cellOf(result: CaseResult | undefined): string {
  if (!result || result.status === 'skip') return '-';
  if (result.status !== 'pass') return result.status;
  const ms = toldMs(result);
  return ms === undefined ? 'ok' : ms.toPrecision(3);
}

function sayMeans(voice: Voice, rows: readonly BenchRow[]): void {
  for (const { group, count, geometricMean, worst, below } of groupMeans(rows))
    voice.say(
      `${group}: the fastest peer takes ${geometricMean.toFixed(2)} times as long as ours (geometric mean of ${count}); at worst ${worst.ratio.toFixed(2)} (${nameOf(worst.id)}), ${below} below 1`,
    );
}

function sayVariants(voice: Voice, rows: readonly VariantRow[]): void {
  if (rows.length === 0) return;
  const bad = badChoices(rows);
  for (const row of bad)
    voice.say(
      `${paint(voice, 'yellow', 'choice')}  ${nameOf(row.id)}: the chosen variant takes ${row.chosenMs.toPrecision(3)} ms, ${othersWords(row)}: ${row.ofFastest.toFixed(2)} times the fastest`,
    );
  voice.say(
    `variants: in ${bad.length} of ${counted(rows.length, 'work')} the chosen one takes over 10 % longer than another`,
  );
}

function saySlowed(voice: Voice, { why, compared, unjudged, fewestSamples, slower }: Slowed): void {
  if (why !== undefined) {
    voice.say(paint(voice, 'yellow', `Nothing is compared: ${why}.`));
    return;
  }
  for (const { id, backend, beforeMs, afterMs, ratio } of slower)
    voice.say(
      `${paint(voice, 'red', 'slower')}  ${id} on ${backend}: ${beforeMs.toPrecision(3)} -> ${afterMs.toPrecision(3)} ms, ${ratio.toFixed(2)} times as long`,
    );
  voice.say(
    `${slower.length} of ${counted(compared, 'time')} are over 15 % slower than in the baseline`,
  );
  if (unjudged > 0)
    voice.say(
      `${counted(unjudged, 'other time')} could not be judged: too few samples in one of both`,
    );
  if (fewestSamples < SURE_SAMPLES)
    voice.say(
      `some have only ${fewestSamples} samples, and the rule was tried with ${SURE_SAMPLES}: time both with --samples ${SURE_SAMPLES} to be as sure`,
    );
}
