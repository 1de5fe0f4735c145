import { BaselineError } from '../../harness/mutation/baseline-run.ts';
import { mutate } from '../../harness/mutation/mutate.ts';
import type { ResultCache } from '../../harness/mutation/result-cache.ts';
import { type MutantChoice, selectMutants } from '../../harness/mutation/select.ts';
import { ShaderSources } from '../../harness/mutation/sources.ts';
import { counted } from '../../report/counted.ts';
import { writeReport } from '../../report/write.ts';
import { CACHE_FOLDER, changedShaders, readShaders } from '../checkout.ts';
import { EXIT, exitOfReport, UsageError } from '../exit.ts';
import { openFileCache } from '../file-cache.ts';
import { checkOutputs, writeOutputs } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { kernelsOfRun } from '../last-report.ts';
import { showKillRate, showMutation } from '../output/mutation.ts';
import { voiceOn } from '../output/voice.ts';
import { planCases } from '../plan-cases.ts';
import { findNodeHost, workerText } from '../runtime/node.ts';

/** What `gradproof mutate` understands. */
export interface MutateOptions {
  readonly filters: readonly string[];
  /** Mutants of the TypeScript. */
  readonly host: boolean;
  /** With `host`, what is drawn hangs on it. */
  readonly seed: number;
  /** Mutants of the shaders that differ from the last commit. */
  readonly changed: boolean;
  /** So many mutants, spread over all shaders; with `changed`, beside those. */
  readonly sample: number;
  /** With `host`, what lives after so many milliseconds is undecided. */
  readonly deadlineMs: number;
  /** A report that says what cases dispatch; default that of the last run. */
  readonly known: string;
  readonly report: string;
}

/**
 * Breaks each kernel in many ways and sees whether the quick tier notices; returns the exit status.
 */
export async function mutateCommand(given: Partial<MutateOptions>): Promise<number> {
  const { report: target } = given;
  if (given.seed !== undefined) throw new UsageError('--seed: only --host draws mutants by a seed');
  if (given.deadlineMs !== undefined)
    throw new UsageError('--deadline: only --host ends by the clock');
  const voice = voiceOn(target === '-' ? process.stderr : process.stdout);
  const sources = new ShaderSources(readShaders());
  const choice = choiceOf(given);
  const { length } = selectMutants(sources, choice); // wrong use shows before a worker starts
  checkOutputs({ '--report': target }, { '--known': given.known });
  using interrupt = new Interrupt();
  const { adapter, startWorker } = await findNodeHost();
  voice.say(`running ${counted(length, 'mutant')} on ${adapter}`);
  const known = await kernelsOfRun(given.known);
  const openCaches = (environment: object) => {
    const where = { ...environment, probe: null };
    return {
      outcomes: openFileCache(`${CACHE_FOLDER}/mutate`, JSON.stringify([workerText(), where])),
      dispatched: completed(
        openFileCache(`${CACHE_FOLDER}/dispatched`, JSON.stringify(where)),
        known,
      ),
    };
  };
  try {
    const host = {
      sources,
      cases: await planCases(),
      startWorker,
      openCaches,
      signal: interrupt.signal,
    };
    const report = await mutate(host, choice, showMutation(voice));
    showKillRate(voice, report);
    await writeOutputs([{ option: '--report', path: target, data: () => writeReport(report) }]);
    return exitOfReport(report, interrupt.signal.aborted);
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error;
    voice.say(`No: ${error.message}`);
    return EXIT.failed;
  }
}

/**
 * The cache with what it lacks of `known`: the next run, which may be of few cases, knows it no
 * more.
 */
function completed(cache: ResultCache, known: ReadonlyMap<string, unknown>): ResultCache {
  for (const [key, value] of known) if (cache.get(key) === undefined) cache.set(key, value);
  return cache;
}

function choiceOf({ filters = [], changed, sample }: Partial<MutateOptions>): MutantChoice {
  const choice = { filters, ...(sample === undefined ? {} : { sample }) };
  if (!changed) return choice;
  const shaders = changedShaders();
  if (shaders) return { ...choice, changed: shaders };
  if (sample === undefined)
    throw new UsageError(
      '--changed: git names no last commit here: run mutate in a clone, or with --sample n',
    );
  return choice;
}
