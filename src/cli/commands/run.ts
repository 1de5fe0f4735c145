import { wordsOfDevice } from '../../backends/bridge/name.ts';
import {
  applyExpectations,
  type Expectation,
  parseExpectations,
  unmatched,
} from '../../harness/expectations.ts';
import { filterOf } from '../../harness/filter.ts';
import type { Live } from '../../harness/live.ts';
import { recordingsOf } from '../../harness/recordings.ts';
import { assertSamePlan, failedIds, mergeRerun } from '../../harness/rerun.ts';
import { type Replay, selectAll } from '../../harness/runner/selection.ts';
import { unstarted } from '../../harness/runner.ts';
import { headlinesOf } from '../../report/headlines.ts';
import { planHash, planText } from '../../report/plan.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../report/run-options.ts';
import type { Report } from '../../report/schema.ts';
import { liveOf, startBridge } from '../bridge.ts';
import { readBundles } from '../bundles.ts';
import { EXIT, exitOfReport, InterruptedError, UsageError } from '../exit.ts';
import { failOnSkip } from '../fail-on-skip.ts';
import { readInput } from '../files.ts';
import { keepLastReport, readLastReport } from '../last-report.ts';
import { showProgress } from '../output/progress.ts';
import { publish } from '../output/publish.ts';
import { checkReportFiles, type ReportFiles, voiceFor } from '../output/report-files.ts';
import type { Voice } from '../output/voice.ts';
import { planCases } from '../plan-cases.ts';
import { Reproductions } from '../reproductions.ts';
import { openRuntime, type RuntimeName } from '../runtime/open.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { PAGE_ADDRESS } from '../server.ts';
import { shareBaseOf } from '../share-base.ts';
import { readTuning, rowsFor, type Tuning } from '../tuning.ts';

/** What `gradproof [run]` understands without the page, beyond the options of a run. */
export interface RunCommand extends ReportFiles {
  readonly runtime: RuntimeName;
  readonly backends: readonly string[];
  /** Start the Python bridge and run on its devices too. */
  readonly bridge: boolean;
  /** Bundles, or folders of them, to replay. */
  readonly parity: readonly string[];
  /** Known failures. */
  readonly expect: string;
  /** What no case may be skipped for want of. */
  readonly failOnSkip: readonly string[];
  /** The report whose failures run again; empty for that of the last run. */
  readonly lastFailed: string;
  /** By which table variants are chosen: a name, or a report. */
  readonly tuning: string;
  /** A line for each case. */
  readonly verbose: boolean;
  /** Where the page is for others, for the share link. */
  readonly shareBase: string;
}

/** What was given of a run's options; the others have their defaults. */
export type GivenOptions = Partial<RunOptions>;

/**
 * Prints the `id backend` lines of the selected cases, replayed recordings included; needs neither
 * browser nor adapter, but for its devices the bridge.
 */
export async function listCases(
  command: Partial<RunCommand>,
  given: GivenOptions,
): Promise<number> {
  await using bridge = wantsBridge(command) ? await startBridge(PAGE_ADDRESS) : undefined;
  const live = bridge && (await liveOf(bridge, command.backends ?? []));
  const selected = selectAll(
    (await planCases()).values(),
    await replayOf(command, given),
    { ...DEFAULT_RUN_OPTIONS, ...given },
    live,
  );
  process.stdout.write(planText(selected.map(({ declared }) => declared)));
  return EXIT.ok;
}

/** The recordings to replay: alone, unless a tier of the plan is wanted too. */
async function replayOf(
  { parity }: Partial<RunCommand>,
  { tier }: GivenOptions,
): Promise<Replay | undefined> {
  return parity && { bundles: await readBundles(parity), alone: tier === undefined };
}

function wantsBridge({ bridge, backends = [] }: Partial<RunCommand>): boolean {
  return bridge === true || backends.some((name) => name !== 'webgpu');
}

/** Runs without a person: progress, summary and report; returns the exit status. */
export async function runHeadless(
  command: Partial<RunCommand>,
  given: GivenOptions,
  signal: AbortSignal,
): Promise<number> {
  const shareBase = shareBaseOf(command.shareBase);
  const expectations = command.expect
    ? parseExpectations(readInput('--expect', command.expect), command.expect)
    : [];
  const judged = (ran: Report) =>
    applyExpectations(failOnSkip(ran, command.failOnSkip ?? []), expectations, new Date());
  const last = await lastReport(command);
  const options = optionsOf(given, last);
  const voice = voiceFor(command);
  const replay = await replayOf(command, given);
  // Wrong use shows before a browser starts.
  if (!last || options.filters.length > 0) selectAll((await planCases()).values(), replay, options);
  const table = await readTuning(command.tuning);
  // What --last-failed names is what the results are put into.
  const { parity, expect, tuning } = command;
  checkReportFiles(command, { '--parity': parity, '--expect': expect, '--tuning': tuning });
  if (last && options.filters.length === 0) {
    voice.say(
      'Nothing that the filters allow has failed in that report: there is nothing to run again, and its verdict stands.',
    );
    const expected = judged(last);
    await sayUnmatched(expectations, expected, voice);
    await publish(expected, voice, { files: command, shareBase, annotated: true });
    return exitOfReport(expected, signal.aborted);
  }
  const reproductions = new Reproductions();
  const listen = reproductions.follow(showProgress(voice, command.verbose === true));
  const { ran, live } = await runIn(
    command,
    voice,
    table,
    { options, ...(replay ? { replay } : {}) },
    listen,
    signal,
  );
  const report = judged(last ? mergeRerun(last, ran) : ran);
  await sayUnmatched(expectations, report, voice);
  if (!replay && ran.results.length > 0) keepLastReport(report, command.lastFailed ?? '');
  await publish(report, voice, {
    files: command,
    shareBase,
    headlines: headlinesOf(report.results, recordingsOf(replay?.bundles ?? []), live),
    annotated: true,
    sayMore: () => reproductions.publish(command.report, voice),
  });
  return exitOfReport(report, signal.aborted);
}

/**
 * Opens the runtime, and the bridge if it is wanted, and runs there; when `signal` aborts before
 * they are open, the report has no results.
 */
async function runIn(
  command: Partial<RunCommand>,
  voice: Voice,
  table: Tuning,
  ...[request, listen, signal]: Parameters<Runtime['run']>
): Promise<{ readonly ran: Report; readonly live?: Live }> {
  try {
    await using runtime = await openRuntime(command.runtime ?? 'chromium', voice.say, signal);
    const say = voice.live || command.verbose ? voice.say : () => {};
    say(`running on ${runtime.adapter}`);
    await using bridge = wantsBridge(command)
      ? await startBridge(runtime.page?.url ?? PAGE_ADDRESS, (how) =>
          voice.say(`the bridge ended: ${how}`),
        )
      : undefined;
    if (bridge) runtime.page?.allow(bridge.origin);
    const live = bridge && (await liveOf(bridge, command.backends ?? [], signal));
    if (live)
      say(
        `and on ${live.links.map(({ device }) => wordsOfDevice(device)).join('; ') || 'no device: the bridge has none'}`,
      );
    const beside = live ? { live } : {};
    const tuned = await rowsFor(table, runtime, signal);
    return { ran: await runtime.run({ ...request, ...beside, tuned }, listen, signal), ...beside };
  } catch (error) {
    if (error instanceof InterruptedError)
      return { ran: await unstarted({ cases: await planCases() }, request.options) };
    throw error;
  }
}

/** The report to go on from, if one is wanted. */
async function lastReport({
  lastFailed,
  parity,
}: Partial<RunCommand>): Promise<Report | undefined> {
  if (lastFailed === undefined) return undefined;
  if (parity)
    throw new UsageError('--last-failed runs cases of the plan again: replay bundles without it');
  const last = await readLastReport(lastFailed);
  assertSamePlan(last, await planHash(planText((await planCases()).values())));
  return last;
}

/**
 * Names expectations that nothing can meet, neither a case of the plan nor a recording or device of
 * this run.
 */
async function sayUnmatched(
  expectations: readonly Expectation[],
  { results }: Report,
  voice: Voice,
): Promise<void> {
  const ids = [...(await planCases()).values(), ...results].map(({ id }) => id);
  for (const { case: glob, reason } of unmatched(expectations, ids)) {
    voice.say(`--expect: no case is called ${glob} (${reason}): correct the entry, or remove it`);
  }
}

/**
 * With a report to go on from, its settings and the ids of what did not pass, as far as the filters
 * allow.
 */
function optionsOf(given: GivenOptions, last: Report | undefined): RunOptions {
  if (!last) return { ...DEFAULT_RUN_OPTIONS, ...given };
  const ids = failedIds(last).filter(filterOf(given.filters ?? []));
  return { ...DEFAULT_RUN_OPTIONS, seed: last.run.seed, ...given, tier: 'slow', filters: ids };
}
