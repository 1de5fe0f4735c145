import { join } from 'node:path';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { TuningRequest } from '../../harness/tuning.ts';
import { DiskCheckpoints } from '../../harness/worker/disk-checkpoints.ts';
import type { TuneCheckpoints } from '../../harness/worker/messages.ts';
import { CheckpointKeeper } from '../../train/checkpoint/checkpoint-keeper.ts';
import { type RunSubject, stepOfName } from '../../train/checkpoint/run-checkpoint.ts';
import { RunCheckpointError } from '../../train/checkpoint/run-checkpoint-error.ts';
import { requireSubject, runSubject } from '../../train/checkpoint/run-subject.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageError } from '../exit.ts';
import type { Tuning } from '../tuning.ts';
import { folderAt } from './folder-at.ts';
import { CHECKPOINTS, changeRunFile, writeRunFile } from './run-file.ts';
import { RunLock } from './run-lock.ts';

/** The checkpoints of a run that goes into a folder, while it is the one writer there. */
export interface KeptRun extends Disposable {
  readonly checkpoints: TuneCheckpoints;
  /** Keeps the table that it begins with, for a run that is cut short before its first checkpoint. */
  begins(tuned: readonly TuningRow[]): void;
}

/** What was asked for of a run that goes into a folder. */
interface AskedRun {
  readonly out: string;
  readonly model: string;
  readonly options: Partial<TrainOptions>;
  readonly table: Tuning;
}

/**
 * Begins a run in the folder `out`, or goes on with it; one without a checkpoint begins anew. Throws
 * UsageError where another process writes there, where a new run would take the place of one that was
 * cut short, and where what is there cannot be gone on from by this request.
 */
export async function keepRun(
  { out, model, options, table }: AskedRun,
  request: TuningRequest,
): Promise<KeptRun> {
  const { resume, keep, checkpointEvery, workers, sharding } = options;
  const option = resume === undefined ? `--out ${out}` : `--resume ${resume}`;
  const place = join(out, CHECKPOINTS);
  const lock = RunLock.take(option, place);
  let subject: RunSubject | undefined;
  try {
    const folder = new DiskCheckpoints(place);
    await folder.sweep();
    if (resume === undefined) {
      await makeWay(folder, option, out);
      writeRunFile(out, model, options, table);
    } else {
      subject = await requireSame(folder, request);
      changeRunFile(out, { workers, sharding, checkpointEvery, keep });
    }
  } catch (error) {
    lock[Symbol.dispose]();
    throw error instanceof RunCheckpointError
      ? new UsageError(`${option}: ${error.message}`)
      : error;
  }
  return {
    checkpoints: { place, keep, every: checkpointEvery, resume: subject !== undefined, subject },
    begins: (tuned) => changeRunFile(out, { tuning: tuned }),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

const newestIn = async (folder: DiskCheckpoints) =>
  (await new CheckpointKeeper(folder, { engine: '' }).newest())?.checkpoint;

/** Removes the checkpoints of a run that has ended. Throws UsageError where it has not. */
async function makeWay(folder: DiskCheckpoints, option: string, out: string): Promise<void> {
  const last = await newestIn(folder);
  if (last && last.state.step < last.steps)
    throw new UsageError(
      `${option}: holds a run that was cut short after step ${last.state.step} of ${last.steps}: go on with --resume ${out}, or give another folder`,
    );
  for (const name of await folder.names())
    if (stepOfName(name) !== undefined) await folder.remove(name);
}

/**
 * What the run is of; undefined where it has no checkpoint. Throws RunCheckpointError where it is not
 * the one that is asked for.
 */
async function requireSame(
  folder: DiskCheckpoints,
  request: TuningRequest,
): Promise<RunSubject | undefined> {
  const last = await newestIn(folder);
  if (!last) return undefined;
  const own = await runSubject({ ...request, folder: await folderAt(request.folder) });
  requireSubject(last.subject, own);
  return own;
}
