import { LIBRARIES } from '../../bench/contender.ts';
import { OF_FORETOLD } from '../../bench/foretold-rows.ts';
import { toldMs } from '../../bench/held-ceilings.ts';
import { libraryVersions } from '../../bench/library-versions.ts';
import { stepCosts } from '../../bench/step-costs.ts';
import { type BenchRow, groupMeans, type RowOfRuns, rowsOfRuns } from '../../bench/summary.ts';
import { badChoices, othersWords, variantRows } from '../../bench/variant-rows.ts';
import { groupBy } from '../../report/group.ts';
import { median } from '../../report/median.ts';
import { browserWords, chipName } from '../../report/place.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import type { Scaling, TorchSteps } from './beside.ts';

const COLUMNS = {
  'ort-webgpu': 'ORT',
  'tfjs-webgpu': 'TF.js',
  'jax-webgpu': 'jax-js',
  'ort-wasm': 'ORT, WASM',
  ceiling: 'ceiling',
  webgpu: 'ours',
} as const;

/** What was measured without bench, on a machine like that of the reports. */
export interface Beside {
  readonly torch?: TorchSteps | undefined;
  readonly scaling?: Scaling | undefined;
}

/** The text of docs/speed.md: what bench reports of one adapter found, in tables. */
export function speedPage(reports: readonly Report[], { torch, scaling }: Beside = {}): string {
  const rows = rowsOfRuns(reports);
  const groups = [...groupBy(rows, ({ group }) => group)];
  return `# Speed beside other libraries

Milliseconds, medians; who is timed takes turns. Each was held to the float64 oracle first. A ratio
is the fastest peer's time on WebGPU by ours: above 1 ours is faster. \`eager / captured\` of ours
are both told; the share is that of a kernel that does nothing else, or of whatever did as much in
less time in the same run. ~ marks a bound that is coarser, as the library documents its setting. A
row is that of the run whose ratio is the median of those that timed it beside most libraries; where
there are several, their number and the lowest and highest of their ratios stand beside it. \`at
least\` is the lower end of that run's ratio, by the ranks of both sets of samples: it holds in 19 of
20 cases, and in 7 of 8 where five were taken. \`of f32\` is our time by ours of the same work in
float32, in the newest run that timed both. A library that was not asked, or cannot, has -.
WebAssembly computes on the processor and counts in no ratio: beside an adapter that is a processor
too it is faster than any WGSL. Written by
\`scripts/speed-page.mjs\` from reports of \`npm start -- bench\`.

| run | where | commit | works |
|---|---|---|---|
${reports.map(runLine).join('\n')}
${versionsLine(reports)}
## Summary

| group | n | geometric mean | worst | below 1 |
|---|---|---|---|---|
${groupMeans(rows)
  .map(
    ({ group, subgroup, count, geometricMean, worst, below }) =>
      `| ${[group, subgroup ?? []].flat().join(', ')} | ${count} | ${geometricMean.toFixed(2)} | ${worst.ratio.toFixed(2)} (${nameOf(worst.id)}) | ${below} |`,
  )
  .join('\n')}
${groups.map(([group, some]) => table(group, some)).join('')}${variants(reports)}${growth(reports)}${steps(rows)}${fineTuning(rows, torch)}${checkpoints(rows)}${severalWorkers(scaling)}`;
}

function runLine({ environments, run, tool, results }: Report): string {
  const works = new Set(results.map(({ id }) => id)).size;
  const cells = [run.startedAt.slice(0, 16).replace('T', ' '), placeOf(environments), tool.commit];
  return `| ${cells.join(' | ')} | ${works}${run.complete ? '' : ', not complete'} |`;
}

/**
 * The libraries with the versions that reports name, and of how many runs that timed any none is
 * known: older reports do not name them. Every library that has a column is there.
 */
function versionsLine(reports: readonly Report[]): string {
  const timed = reports.filter(({ results }) => librariesIn(results).length > 0);
  if (timed.length === 0) return '';
  const known = libraryVersions(timed);
  const unknown = librariesIn(timed.flatMap(({ results }) => results)).filter(
    (words) => !known.some((told) => told.startsWith(`${words} `)),
  );
  const all = [...known, ...unknown.map((words) => `${words} (version not known)`)];
  const without = timed.filter((report) => libraryVersions([report]).length === 0).length;
  const silent =
    without > 0
      ? `\nOf ${without} of the ${timed.length} runs with any no versions are known.`
      : '';
  return `\nTimed beside ours: ${all.join('; ')}.${silent}\n`;
}

/** The names of the libraries that have times. */
function librariesIn(results: readonly CaseResult[]): readonly string[] {
  const timed = new Set(results.flatMap(({ backend, timing }) => (timing ? [backend] : [])));
  return Object.entries(LIBRARIES).flatMap(([name, words]) => (timed.has(name) ? [words] : []));
}

function placeOf([environment]: Report['environments']): string {
  if (!environment) return 'nowhere';
  const { adapter, runtime, runtimeVersion, cores } = environment;
  return `${chipName(adapter)}${adapter.isFallback ? ' (a processor)' : ''}, ${browserWords(runtime, '')} ${runtimeVersion}, ${cores} cores`;
}

function table(group: string, rows: readonly (BenchRow & Partial<RowOfRuns>)[]): string {
  const columns = Object.entries(COLUMNS).filter(([backend]) =>
    rows.some(({ results }) => results.get(backend)?.timing),
  );
  const isBesideFloats = rows.some(({ ofFloats }) => ofFloats !== undefined);
  const lines = rows.map(({ id, results, ratio, ratios, leastRatio, shareOfCeiling, ofFloats }) => {
    const cells = columns.map(([backend]) => cellOf(results.get(backend)));
    const told = [
      ratioOf(ratio, ratios),
      ratio === undefined ? '' : (leastRatio?.toFixed(2) ?? '-'),
      shareOfCeiling === undefined ? '' : `${(100 * shareOfCeiling).toFixed(0)} %`,
      ...(isBesideFloats ? [ofFloats?.toFixed(2) ?? ''] : []),
    ];
    return `| ${[nameOf(id), ...cells, ...told].join(' | ')} |`;
  });
  const head = [
    ...[group, ...columns.map(([, name]) => name), 'ratio', 'at least', 'of ceiling'],
    ...(isBesideFloats ? ['of f32'] : []),
  ];
  return `
## ${group[0]?.toUpperCase()}${group.slice(1)}

| ${head.join(' | ')} |
|${head.map(() => '---|').join('')}
${lines.join('\n')}
`;
}

/** `1.93 (4: 1.90 to 3.12)`, with what several runs found. */
function ratioOf(ratio: number | undefined, ratios: readonly number[] = []): string {
  if (ratio === undefined) return '';
  const spread = [ratios[0], ratios.at(-1)].map((one) => one?.toFixed(2)).join(' to ');
  return ratio.toFixed(2) + (ratios.length > 1 ? ` (${ratios.length}: ${spread})` : '');
}

function cellOf(result: CaseResult | undefined): string {
  if (!result || result.status === 'skip') return '-';
  const ms = toldMs(result);
  if (ms === undefined) return result.status;
  const { eager, captured } = result.tried ?? {};
  if (result.backend === 'webgpu' && eager !== undefined && captured !== undefined)
    return `${eager.toPrecision(3)} / ${captured.toPrecision(3)}`;
  return `${ms.toPrecision(3)}${result.finding?.code === 'coarser-bound' ? ' ~' : ''}`;
}

/** What ours chose beside what it did not, in each report that timed variants. */
function variants(reports: readonly Report[]): string {
  const all = reports.flatMap(({ results }) => variantRows(results));
  if (all.length === 0) return '';
  const bad = badChoices(all).length;
  const lines = all.map((row) => {
    const { id, chosenMs, ofFastest } = row;
    const cells = [nameOf(id), chosenMs.toPrecision(3), othersWords(row), ofFastest.toFixed(2)];
    return `| ${cells.join(' | ')} |`;
  });
  return `
## The variant that is chosen beside the others

By \`bench --variants\`: all of a work in one run, recorded anew each time. In ${bad} of ${all.length} works the chosen
one takes over 10 % longer than another.

| work | chosen | others | by the fastest other |
|---|---|---|---|
${lines.join('\n')}
`;
}

const EXPONENT = 'exponent of ';
/** In the id of a work that makes a checkpoint. */
const MADE = '-checkpoint:';

/** Of every report: a row that another run is taken for would take its exponent along. */
function growth(reports: readonly Report[]): string {
  const told = reports
    .flatMap(({ results }) => results)
    .flatMap(({ backend, metrics = {} }) =>
      Object.entries(metrics).flatMap(([name, value]) =>
        name.startsWith(EXPONENT) && value !== null
          ? [{ of: name.slice(EXPONENT.length), backend, value }]
          : [],
      ),
    );
  if (told.length === 0) return '';
  const lines = [...groupBy(told, ({ of }) => of)].map(([of, all]) => {
    const cells = [...groupBy(all, ({ backend }) => backend)].map(
      ([backend, some]) => `${backend} ${median(some.map(({ value }) => value)).toFixed(2)}`,
    );
    return `| ${of} | ${cells.join(', ')} |`;
  });
  return `
## How times grow

Exponents of the power of the size that fits best; of several runs the median.

| what grows | exponent |
|---|---|
${lines.join('\n')}
`;
}

/** What steps cost on the host. */
function steps(rows: readonly BenchRow[]): string {
  const lines = stepCosts(rows).map(
    ({ id, eager, captured, peakBytes, activationBytes, activationsOfFloats }) => {
      const host = [eager, captured].flatMap(({ ms, commands, usPerCommand }) =>
        [ms, commands, usPerCommand].map(figure),
      );
      const bytes = [peakBytes, activationBytes].map((of) =>
        of ? (of / 2 ** 20).toFixed(1) : '-',
      );
      return `| ${[nameOf(id), ...host, ...bytes, figure(activationsOfFloats)].join(' | ')} |`;
    },
  );
  if (lines.length === 0) return '';
  return `
## What steps cost on the host

| step | eager ms | commands | us a command | replayed ms | commands | us a command | peak MiB | activations MiB | of f32's |
|---|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}
${callsAlone(rows)}`;
}

/** What a step of adapters takes, over a base in floats and in codes. */
function fineTuning(rows: readonly BenchRow[], torch: TorchSteps | undefined): string {
  const ours = oursOf(rows);
  const lines = rows.flatMap(({ id, group, ofFloats }) => {
    const result = ours.get(id);
    const ms = result?.timing?.medianMs;
    if (group !== 'fine-tuning' || ms === undefined) return [];
    const { metrics = {} } = result ?? {};
    const peakBytes = metrics['eagerPeakBytes'];
    const cells = [
      nameOf(id),
      ms.toPrecision(3),
      ...(torch ? [figure(torch.steps[id]?.medianMs)] : []),
      figure(ofFloats),
      figure(metrics[OF_FORETOLD]),
      figure(peakBytes && peakBytes / 1e6),
      metrics['lastLoss'] === undefined
        ? '-'
        : `${figure(metrics['firstLoss'])} to ${figure(metrics['lastLoss'])}`,
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  if (lines.length === 0) return '';
  return `
## What fine-tuning takes

A step of LoRA on all linears, over a base in float32 and in NF4: beside the same step over float32,
and beside what is foretold of it from its widest linear, its head and its attention, timed in the
same run. MB are the most that is held at once, base and all; the
loss is that of the first and of the last of twenty steps.${torch ? torchWords(torch) : ''}

| step | ms |${torch ? ' PyTorch, ms |' : ''} of float32's | of what is foretold | MB | loss |
|---|---|---|---|---|---|${torch ? '---|' : ''}
${lines.join('\n')}
`;
}

/** Who makes the same steps beside ours, and where. */
const torchWords = ({ libraries, device }: TorchSteps): string => `

PyTorch makes the same steps by its own kernels (${device}), with PEFT and bitsandbytes, in a run of
its own: ${Object.entries(libraries)
  .map(([name, version]) => `${name} ${version}`)
  .join(', ')}. Its loops are
machine code, so that beside an adapter that is a processor too it counts in no ratio.`;

/** What several workers that share a run bring. */
function severalWorkers(scaling: Scaling | undefined): string {
  if (!scaling) return '';
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const lines = scaling.rows.map(({ workers, ms, efficiency, forecast, peak }) => {
    const allowed = Math.min(1, scaling.cores / workers);
    const cells = [workers, ms.toFixed(0), efficiency.toFixed(2), allowed.toFixed(2)];
    return `| ${[...cells, mib(peak), mib(forecast)].join(' | ')} |`;
  });
  return `
## What several workers bring

On ${scaling.cores} cores, by one run of
\`npm run scaling -- ${scaling.command}\`:
a step, the share of N times the speed of one worker, what the cores would allow of it if one worker
took one core (on an adapter that is a processor one worker has all of them already), and what the
worker that took most held at once, beside what was forecast.

| workers | ms a step | of N times the speed | cores allow | MiB at most | MiB forecast |
|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

/** What keeping a run costs beside a step of it. */
function checkpoints(rows: readonly BenchRow[]): string {
  const ours = oursOf(rows);
  const lines = rows.flatMap(({ id }) => {
    const made = ours.get(id);
    const ms = made?.timing?.medianMs;
    const bytes = made?.metrics?.['checkpointBytes'];
    if (!id.includes(MADE) || ms === undefined || !bytes) return [];
    const msOf = (of: string) => ours.get(id.replace(MADE, of))?.timing?.medianMs;
    const step = msOf('-step:');
    const cells = [
      nameOf(id).replace(MADE, ':'),
      (bytes / 2 ** 20).toFixed(2),
      ms.toPrecision(3),
      step === undefined ? '-' : (ms / step).toPrecision(2),
      msOf('-resume:')?.toPrecision(3) ?? '-',
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  if (lines.length === 0) return '';
  return `
## What checkpoints cost

Read back, summed by SHA-256 and made a file, without the disk; of a run they take a twentieth at
most.

| of | MiB | ms | in steps | ms to go on |
|---|---|---|---|---|
${lines.join('\n')}
`;
}

/** What the API's own calls take of that. */
function callsAlone(rows: readonly BenchRow[]): string {
  const alone = rows.find(({ id }) => id === STEP_CALLS)?.results.get('ceiling')?.metrics;
  const ms = alone?.['callsHostMs'];
  const each = alone?.['callsHostUsPerCommand'];
  if (!ms || !each) return '';
  return `
The calls of the perceptron's replay alone, without the engine, take ${ms.toPrecision(3)} ms, ${each.toPrecision(3)} us a command: uploads, a
pass and a submit are most of it.
`;
}

const STEP_CALLS = 'bench.ceiling:step-calls';

const nameOf = (id: string) => id.replace(/^bench\./, '').replaceAll('|', '/');

/** Our results by work. */
const oursOf = (rows: readonly BenchRow[]) =>
  new Map(rows.map(({ id, results }) => [id, results.get('webgpu')]));

const figure = (x: number | null | undefined): string => x?.toPrecision(3) ?? '-';
