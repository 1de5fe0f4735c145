import {
  FORETOLD_WITHIN,
  type ForetoldRow,
  foretoldRows,
  isAsForetold,
} from '../../bench/foretold-rows.ts';
import type { BenchListener, BenchResult } from '../../bench/host.ts';
import { leftOut } from '../../bench/left-out.ts';
import { libraryVersions } from '../../bench/library-versions.ts';
import type { Slowed } from '../../bench/slowed.ts';
import { SURE_SAMPLES } from '../../bench/statistics/slower.ts';
import { type StepCost, stepCosts } from '../../bench/step-costs.ts';
import { type BenchRow, benchRows, groupMeans } from '../../bench/summary.ts';
import { NOT_OPENED } from '../../bench/unopened.ts';
import { badChoices, othersWords, type VariantRow, variantRows } from '../../bench/variant-rows.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Report } from '../../report/schema.ts';
import { ceilingsTable, type FittedTable, shortName, workName, worksTable } from './bench-table.ts';
import { paint, type Voice } from './voice.ts';

/** How often a log, which cannot redraw a line, is told what is timed. Milliseconds. */
const LOG_EVERY_MS = 30_000;

/** Clears the line that a terminal shows last. */
const ERASE = '\r\x1b[K';

/** Shows a bench while it goes on: the work that is timed, and what is left. */
export function showBench(
  voice: Voice,
  now: () => number = () => performance.now(),
): BenchListener {
  let open = false;
  let told = now();
  const unopened = new Set<string>();
  const erase = () => {
    if (open) voice.write(ERASE);
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
        voice.write(`${ERASE}${line.slice(0, voice.columns() - 1)}`);
        open = true;
        return;
      }
      case 'results':
        erase();
        for (const result of event.results) {
          if (result.error?.code !== NOT_OPENED) sayProblem(voice, result);
          else if (!unopened.has(result.backend)) {
            unopened.add(result.backend);
            sayUnopened(voice, result);
          }
        }
        return;
      case 'end':
        erase();
    }
  };
}

/** Says at once that a bench that is asked to end does so: the batch or oracle that goes on ends first. */
export function sayStopping(voice: Voice): void {
  if (voice.live) voice.write(ERASE);
  voice.say('stopping: what is timed so far is the report; Ctrl-C once more ends at once');
}

function sayProblem(voice: Voice, { id, backend, status, error }: BenchResult): void {
  if (!error) return;
  const head = paint(voice, 'red', status.padEnd(7));
  voice.say(`${head} ${id} on ${backend}: ${plainText(`${error.code}: ${error.message}`, 300)}`);
}

/** Of every work the same: it is told once. */
function sayUnopened(voice: Voice, { backend, status, error }: BenchResult): void {
  const head = paint(voice, 'red', status.padEnd(7));
  voice.say(`${head} ${backend} in all works: ${plainText(error?.message ?? '', 300)}`);
}

/** The table, what was left out, the means of each group; `verbose` tells the setting of each time. */
export function showBenchSummary(voice: Voice, report: Report, verbose = false): void {
  const all = benchRows(report);
  const rows = all.filter(({ group }) => group !== 'ceilings');
  const ceilings = all.filter(({ group }) => group === 'ceilings');
  if (rows.length > 0) sayTable(voice, worksTable(rows, voice.columns(), verbose));
  if (ceilings.length > 0) sayTable(voice, ceilingsTable(ceilings, voice.columns()));
  sayLeftOut(voice, report);
  sayMeans(voice, rows);
  sayVariants(voice, variantRows(report.results));
  sayForetold(voice, foretoldRows(report.results));
  sayStepCosts(voice, stepCosts(rows));
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
  const versions = libraryVersions([report]);
  if (versions.length > 0) voice.say(`timed beside ours: ${versions.join(', ')}`);
  if (!run.complete) voice.say(paint(voice, 'yellow', 'Only a part was timed.'));
  voice.say(`${counted(all.length, 'work')} in ${(run.durationMs / 1000).toFixed(1)} s`);
}

function sayTable(voice: Voice, { lines, dropped }: FittedTable): void {
  for (const line of lines) voice.say(line);
  if (lines[0]?.includes(' loop'))
    voice.say('loop: as the documentation of the library before it shows how to run it');
  if (dropped.length > 0)
    voice.say(
      `not shown in ${voice.columns()} columns: ${dropped.join(', ')}; --csv and --report have them`,
    );
}

/** Works that are named one by one; of more the number is told. */
const NAMED_WORKS = 2;

/** Errors were told when they came. */
function sayLeftOut(voice: Voice, { results }: Report): void {
  for (const { what, backends, settings, reason, ids } of leftOut(results)) {
    if (what !== 'skip' && what !== 'setting') continue;
    const of =
      ids.length > NAMED_WORKS
        ? counted(ids.length, 'work')
        : ids.map((id) => workName(id)).join(', ');
    const who = [backends.map(shortName).join(', '), ...settings].join('; ');
    voice.say(
      `${paint(voice, 'dim', 'not timed')}  ${plainText(`${who}: ${reason}`, 200)} (${plainText(of)})`,
    );
  }
}

function sayMeans(voice: Voice, rows: readonly BenchRow[]): void {
  for (const { group, subgroup, count, geometricMean, worst, below } of groupMeans(rows))
    voice.say(
      `${subgroup ? `  ${subgroup}` : group}: the fastest peer takes ${geometricMean.toFixed(2)} times as long as ours (geometric mean of ${count}); at worst ${worst.ratio.toFixed(2)} (${workName(worst.id)}), ${below} below 1`,
    );
}

function sayVariants(voice: Voice, rows: readonly VariantRow[]): void {
  if (rows.length === 0) return;
  const bad = badChoices(rows);
  for (const row of bad)
    voice.say(
      `${paint(voice, 'yellow', 'choice')}  ${workName(row.id)}: the chosen variant takes ${row.chosenMs.toPrecision(3)} ms, ${othersWords(row)}: ${row.ofFastest.toFixed(2)} times the fastest`,
    );
  voice.say(
    `variants: in ${bad.length} of ${counted(rows.length, 'work')} the chosen one takes over 10 % longer than another`,
  );
}

function sayForetold(voice: Voice, rows: readonly ForetoldRow[]): void {
  if (rows.length === 0) return;
  const others = rows.filter(({ ofForetold }) => !isAsForetold(ofForetold));
  for (const { id, ofForetold } of others)
    voice.say(
      `${paint(voice, 'yellow', 'foretold')}  ${workName(id)}: takes ${ofForetold.toFixed(2)} times what is foretold`,
    );
  voice.say(
    `foretold: ${others.length} of ${counted(rows.length, 'step')} take over ${FORETOLD_WITHIN} times as long as is foretold, or as short`,
  );
}

function sayStepCosts(voice: Voice, costs: readonly StepCost[]): void {
  for (const { id, eager, captured, activationBytes, activationsOfFloats } of costs) {
    const host = (ms: number, us: number) =>
      `${ms.toPrecision(3)} ms of JavaScript, ${us.toPrecision(3)} us a command`;
    const { ms, usPerCommand } = captured;
    const told = [
      host(eager.ms, eager.usPerCommand),
      ms && usPerCommand ? `replayed ${host(ms, usPerCommand)}` : [],
      activationBytes ? `activations of ${(activationBytes / 2 ** 20).toFixed(1)} MiB` : [],
      activationsOfFloats ? `${activationsOfFloats.toFixed(2)} of float32's` : [],
    ];
    voice.say(`${workName(id)}: ${told.flat().join(', ')}`);
  }
}

/** Names what became slower than in the baseline. */
export function saySlowed(
  voice: Voice,
  { why, compared, unjudged, fewestSamples, slower }: Slowed,
): void {
  if (why !== undefined) {
    voice.say(paint(voice, 'yellow', `Nothing is compared: ${plainText(why)}.`));
    return;
  }
  for (const { id, backend, beforeMs, afterMs, ratio } of slower)
    voice.say(
      `${paint(voice, 'red', 'slower')}  ${plainText(`${id} on ${backend}`)}: ${beforeMs.toPrecision(3)} -> ${afterMs.toPrecision(3)} ms, ${ratio.toFixed(2)} times as long`,
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
