import { OURS } from '../../bench/contender.ts';
import type { BenchEvent } from '../../bench/host.ts';
import { BenchJournal } from '../../bench/journal.ts';
import { type BenchOptions, DEFAULT_BENCH_OPTIONS } from '../../bench/options.ts';
import type { PeerName } from '../../bench/peer-names.ts';
import type { BenchRequest } from '../../bench/request.ts';
import { selectWorks } from '../../bench/select.ts';
import { becameSlower } from '../../bench/slowed.ts';
import type { Work } from '../../bench/work.ts';
import { works } from '../../bench/works.ts';
import { messageOf } from '../../errors.ts';
import { toCsv } from '../../report/csv.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Report } from '../../report/schema.ts';
import { verdictOf } from '../../report/verdict.ts';
import { writeReport } from '../../report/write.ts';
import { peersFor } from '../bench/peers.ts';
import { PROGRAM } from '../checkout.ts';
import { EXIT, UsageError } from '../exit.ts';
import { checkOutputs, readReportFile, writeOutputs } from '../files.ts';
import { saySlowed, sayStopping, showBench, showBenchSummary } from '../output/bench.ts';
import { type Voice, voiceOn } from '../output/voice.ts';
import { openRuntime, type RuntimeName } from '../runtime/open.ts';
import { readTuning, rowsFor, type Tuning } from '../tuning.ts';

/** What `gradproof bench` understands. */
export interface BenchCommand extends Omit<BenchOptions, 'tuning' | 'measuredBefore'> {
  /** By which table variants are chosen: a name, or a report. */
  readonly tuning: string;
  readonly peers: readonly PeerName[];
  readonly report: string;
  readonly csv: string;
  /** The report of an earlier bench. */
  readonly baseline: string;
  readonly runtime: RuntimeName;
  /** Print which works there are, in place of timing them. */
  readonly list: boolean;
  /** Tell the setting of each time. */
  readonly verbose: boolean;
}

/** Prints the ids of what would be timed; returns the exit status. Throws UsageError where none is. */
export function listWorks({ filters = [], quick = false }: Partial<BenchCommand>): number {
  process.stdout.write(
    worksFor({ filters, quick })
      .map(({ id }) => `${id}\n`)
      .join(''),
  );
  return EXIT.ok;
}

/**
 * Times the engine beside its peers; returns the exit status. Where `signal` aborts, what is timed
 * by then is the report.
 */
export async function benchCommand(
  { list: _, ...given }: Partial<BenchCommand>,
  signal: AbortSignal,
): Promise<number> {
  const {
    peers,
    report: target,
    csv,
    baseline,
    runtime = 'chromium',
    tuning,
    verbose = false,
    ...asked
  } = given;
  const options: BenchOptions = { ...DEFAULT_BENCH_OPTIONS, ...asked };
  const voice = voiceOn(target === '-' || csv === '-' ? process.stderr : process.stdout);
  whenAborted(signal, () => sayStopping(voice));
  worksFor(options); // wrong use shows before a browser starts
  const table = await readTuning(tuning);
  const before = baseline === undefined ? undefined : await baselineIn(baseline);
  checkOutputs(
    { '--report': target, '--csv': csv },
    { '--baseline': baseline, '--tuning': tuning },
  );
  const found = peersFor(runtime, options.selfTest ? [] : peers);
  for (const line of found.remarks) voice.say(line);
  const request = { options, peers: found.peers };
  const report = await benchIn(runtime, voice, request, table, signal);
  showBenchSummary(voice, report, verbose);
  try {
    await writeOutputs([
      { option: '--report', path: target, data: () => writeReport(report) },
      { option: '--csv', path: csv, data: () => toCsv(report) },
    ]);
  } finally {
    // Of many samples this takes a while, which the report does not wait for.
    if (before) saySlowed(voice, becameSlower(before, report));
  }
  const { aborted } = signal;
  // What was not interrupted is partial where its device, browser or process went away.
  return report.run.complete || aborted ? exitOfBench(report, aborted) : EXIT.unusable;
}

/** Throws UsageError where no work is left. */
function worksFor(asked: Pick<BenchOptions, 'filters' | 'quick'>): readonly Work[] {
  const selected = selectWorks([...works.values()], asked);
  if (selected.length > 0) return selected;
  throw new UsageError(
    `no work${asked.quick ? ' of --quick' : ''} matches ${asked.filters.join(' ')}: ${PROGRAM} bench --list prints the ids of all`,
  );
}

function whenAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}

/**
 * Opens the runtime and times in it. What was timed is the report, too, where the runtime ends
 * meanwhile, and a line says so.
 */
async function benchIn(
  name: RuntimeName,
  voice: Voice,
  { options, peers }: BenchRequest,
  table: Tuning,
  signal: AbortSignal,
): Promise<Report> {
  await using runtime = await openRuntime(name, voice.say, signal, 'work');
  voice.say(`timing on ${runtime.adapter}`);
  const request = { options: { ...options, tuning: await rowsFor(table, runtime, signal) }, peers };
  const journal = new BenchJournal({ options: request.options, works: [...works.values()] });
  const show = showBench(voice);
  const listen = (event: BenchEvent) => {
    journal.hear(event);
    show(event);
    if (event.type === 'end' && event.problem !== undefined) voice.say(plainText(event.problem));
  };
  try {
    return await runtime.bench(request, listen, signal);
  } catch (error) {
    const partial = await journal.partial();
    if (!partial) throw error;
    show({ type: 'end' });
    voice.say(plainText(messageOf(error)));
    return partial;
  }
}

async function baselineIn(path: string): Promise<Report> {
  const report = await readReportFile(path, '--baseline');
  if (report.kind === 'bench') return report;
  throw new UsageError(
    `--baseline ${path}: is a report of kind ${report.kind}: give one that ${PROGRAM} bench --report wrote`,
  );
}

/** The status that a bench deserves: what a peer gets wrong is no fault of ours. */
export function exitOfBench({ results }: Pick<Report, 'results'>, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  const verdicts = results.filter(({ backend }) => OURS.includes(backend)).map(verdictOf);
  return verdicts.includes('right') && !verdicts.includes('wrong') ? EXIT.ok : EXIT.failed;
}
