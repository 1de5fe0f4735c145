import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '../../report/counted.ts';
import { writeReport } from '../../report/write.ts';
import { CACHE_FOLDER, changedFiles, filesOfLastCommit, lastCommit, ROOT } from '../checkout.ts';
import { EXIT, UsageError } from '../exit.ts';
import { openFileCache } from '../file-cache.ts';
import { checkWritable, writeOutputs } from '../files.ts';
import type { HostChoice } from '../host-mutation/run/select.ts';
import { exitOfHostReport } from '../host-mutation/run/verdict.ts';
import { Interrupt } from '../interrupt.ts';
import { showHostKillRate } from '../output/host-mutation.ts';
import { showMutation } from '../output/mutation.ts';
import { voiceOn } from '../output/voice.ts';
import { planCases } from '../plan-cases.ts';
import { findNodeHost } from '../runtime/node.ts';
import type { MutateOptions } from './mutate.ts';

/** What only a checkout with all its packages has. */
const NEEDED = ['vite', 'vitest', 'oxc-parser', 'typescript'];

/**
 * Changes the TypeScript in many ways and sees whether a unit test or a case notices; returns the
 * exit status.
 */
export async function mutateHostCommand(given: Partial<MutateOptions>): Promise<number> {
  const { report: target } = given;
  if (given.known !== undefined) throw new UsageError('--known: only of the shaders');
  const voice = voiceOn(target === '-' ? process.stderr : process.stdout);
  checkClone();
  const choice = choiceOf(given);
  const { allHostMutants } = await import('../host-mutation/folders.ts');
  const { selectHostMutants } = await import('../host-mutation/run/select.ts');
  const mutants = selectHostMutants(allHostMutants(ROOT), choice); // wrong use shows at once
  if (target) checkWritable('--report', target);
  using interrupt = new Interrupt();
  const { mutateHost } = await import('../host-mutation/run/mutate-host.ts');
  const { SlowTests } = await import('../host-mutation/run/slow-tests.ts');
  const { TestFiles } = await import('../host-mutation/run/test-files.ts');
  const { RedBaselineError } = await import('../host-mutation/run/unit-stage.ts');
  voice.say(`running ${counted(mutants.length, 'host mutant')}, seed ${choice.seed}`);
  const place = {
    root: ROOT,
    folder: join(CACHE_FOLDER, `host-mutants-${process.pid}`),
    testFiles: TestFiles.read(ROOT),
    slowTests: new SlowTests(ROOT, openFileCache(join(CACHE_FOLDER, 'slow-tests'), '1')),
    cases: await planCases(),
    findStart: async (worker: string) => (await findNodeHost(worker)).startWorker,
    signal: interrupt.signal,
    ...(given.deadlineMs === undefined ? {} : { deadlineMs: given.deadlineMs }),
  };
  try {
    const report = await mutateHost(place, mutants, choice, showMutation(voice));
    showHostKillRate(voice, report, mutants.length);
    await writeOutputs([{ option: '--report', path: target, data: () => writeReport(report) }]);
    return exitOfHostReport(report, interrupt.signal.aborted);
  } catch (error) {
    if (!(error instanceof RedBaselineError)) throw error;
    voice.say(`No: ${error.message}`);
    return EXIT.failed;
  }
}

/** Throws {@link UsageError} where sources or packages are not there. */
function checkClone(): void {
  if (!existsSync(join(ROOT, 'src')))
    throw new UsageError(
      `mutate --host changes the TypeScript, and ${join(ROOT, 'src')} is not there: run it in a clone`,
    );
  const missing = NEEDED.find((name) => !existsSync(join(ROOT, 'node_modules', name)));
  if (missing)
    throw new UsageError(`mutate --host needs npm ${missing}, which is not installed: run npm ci`);
}

function choiceOf({ filters = [], changed, sample, seed }: Partial<MutateOptions>): HostChoice {
  if (seed !== undefined && sample === undefined)
    throw new UsageError('--seed: nothing is drawn by it: give it with --sample n');
  const choice = {
    filters,
    ...(sample === undefined ? {} : { sample }),
    seed: seed ?? seedOfCommit(),
  };
  if (!changed) return choice;
  const files = changedFiles('src');
  if (files) return { ...choice, changed: files.length > 0 ? files : filesOfLastCommit('src') };
  if (sample === undefined)
    throw new UsageError(
      '--changed: git names no last commit here: run mutate in a clone, or with --sample n',
    );
  return choice;
}

/** Other mutants for each commit, and the same for one. */
function seedOfCommit(): number {
  return Number.parseInt(lastCommit()?.slice(0, 8) ?? '0', 16);
}
