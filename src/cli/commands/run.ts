import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../harness/events.ts';
import { applyExpectations, parseExpectations } from '../../harness/expectations.ts';
import { matchesFilters } from '../../harness/filter.ts';
import { encodeLink } from '../../harness/link/encode.ts';
import { planText } from '../../harness/plan.ts';
import { loadCases } from '../../harness/registry.ts';
import { toJUnit } from '../../harness/report/junit.ts';
import type { Report } from '../../harness/report/schema.ts';
import { writeReport } from '../../harness/report/write.ts';
import { failedIds, mergeRerun } from '../../harness/rerun.ts';
import { selectAll } from '../../harness/runner/selection.ts';
import { readBundles } from '../bundles.ts';
import { EXIT, exitOfReport, UsageError } from '../exit.ts';
import { checkWritable, readInput, writeOutput } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { keepLastReport, readLastReport } from '../last-report.ts';
import type { RunCommand } from '../options.ts';
import { showProgress } from '../output/progress.ts';
import { showSummary } from '../output/summary.ts';
import { type Voice, voiceOn } from '../output/voice.ts';
import { Reproductions } from '../reproductions.ts';
import { openRuntime } from '../runtime/open.ts';
import { PAGE_ADDRESS } from '../server.ts';

/** What was given of a run's options; the others have their defaults. */
export type GivenOptions = Partial<RunOptions>;

/** Prints the `id backend` lines of the selected cases; needs neither browser nor adapter. */
export function listCases(given: GivenOptions): number {
  const selected = selectAll(loadCases().values(), undefined, { ...DEFAULT_RUN_OPTIONS, ...given });
  process.stdout.write(planText(selected.map(({ declared }) => declared)));
  return EXIT.ok;
}

/** Runs without a person: progress, summary and report; returns the exit status. */
export async function runHeadless(command: Partial<RunCommand>, given: GivenOptions): Promise<number> {
  const expectations = command.expect ? parseExpectations(readInput('--expect', command.expect), command.expect) : [];
  const last = lastReport(command);
  const options = optionsOf(given, last);
  const voice = voiceOn(command.report === '-' ? process.stderr : process.stdout);
  const replay = command.parity && { bundles: readBundles(command.parity), alone: given.tier === undefined };
  if (!last || options.filters.length > 0) selectAll(loadCases().values(), replay, options); // wrong use shows before a browser starts
  for (const name of ['report', 'junit'] as const) if (command[name]) checkWritable(`--${name}`, command[name]);
  if (last && options.filters.length === 0) return nothingFailed(voice, last);
  const reproductions = new Reproductions();
  using interrupt = new Interrupt();
  await using runtime = await openRuntime(command.runtime ?? 'chromium', voice.say, interrupt.signal);
  voice.say(`running on ${runtime.adapter}`);
  const ran = await runtime.run({ options, ...(replay ? { replay } : {}) }, reproductions.follow(showProgress(voice)), interrupt.signal);
  const report = applyExpectations(last ? mergeRerun(last, ran) : ran, expectations, new Date());
  if (!replay) keepLastReport(report, command.lastFailed ?? '');
  await publish(report, command, voice);
  reproductions.publish(command.report, voice);
  return exitOfReport(report, interrupt.signal.aborted);
}

/** The report to go on from, if one is wanted. */
function lastReport({ lastFailed, parity }: Partial<RunCommand>): Report | undefined {
  if (lastFailed === undefined) return undefined;
  if (parity) throw new UsageError('--last-failed runs cases of the plan again: replay bundles without it');
  return readLastReport(lastFailed);
}

/** With a report to go on from, its settings and the ids of what did not pass, as far as the filters allow. */
function optionsOf(given: GivenOptions, last: Report | undefined): RunOptions {
  if (!last) return { ...DEFAULT_RUN_OPTIONS, ...given };
  const ids = failedIds(last).filter((id) => matchesFilters(id, given.filters ?? []));
  return { ...DEFAULT_RUN_OPTIONS, seed: last.run.seed, ...given, tier: 'slow', filters: ids };
}

function nothingFailed(voice: Voice, last: Report): number {
  voice.say('Nothing that the filters allow has failed in that report: there is nothing to run again.');
  return exitOfReport(last, false);
}

async function publish(report: Report, { report: file, junit }: Partial<RunCommand>, voice: Voice): Promise<void> {
  if (file) writeOutput('--report', file, writeReport(report));
  if (junit) writeOutput('--junit', junit, toJUnit(report));
  showSummary(voice, report);
  if (report.results.length > 0) voice.say(`Share it: ${PAGE_ADDRESS}#${await encodeLink(report, planText(loadCases().values()))}`);
}
