import { join } from 'node:path';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { TuningRequest } from '../../harness/tuning.ts';
import { DiskCheckpoints } from '../../harness/worker/disk-checkpoints.ts';
import type { TuneCheckpoints } from '../../harness/worker/messages.ts';
import { CheckpointKeeper } from '../../train/checkpoint/checkpoint-keeper.ts';
import type { RunSubject } from '../../train/checkpoint/run-checkpoint.ts';
import { RunCheckpointError } from '../../train/checkpoint/run-checkpoint-error.ts';
import { requireSubject, runSubject } from '../../train/checkpoint/run-subject.ts';
import { UsageError } from '../exit.ts';
import { reasonOf } from '../files.ts';
import { EndedRun } from './ended-run.ts';
import { folderAt } from './folder-at.ts';
import { type AskedRun, CHECKPOINTS, changeRunFile, writeRunFile } from './run-file.ts';
import { RunLock } from './run-lock.ts';

/** The checkpoints of a run that goes into a folder, while it is the one writer there. */
export interface KeptRun extends Disposable {
  readonly checkpoints: TuneCheckpoints;
  /** Keeps the table that it begins with, for a run that is cut short before its first checkpoint. */
  begins(tuned: readonly TuningRow[]): void;
  /** The run has something to keep; one that begins and has not leaves the folder as it was. */
  readonly stays: () => void;
}

/**
 * Begins a run in the folder `out`, or goes on with it; one without a checkpoint begins anew. Throws
 * UsageError where another process writes there, where a new run would take the place of one that was
 * cut short, and where what is there cannot be gone on from by this request.
 */
export async function keepRun(
  out: string,
  { model, options, table }: AskedRun,
  request: TuningRequest,
): Promise<KeptRun> {
  const { resume, keep, checkpointEvery, workers, sharding } = options;
  const option = resume === undefined ? `--out ${out}` : `--resume ${resume}`;
  const place = join(out, CHECKPOINTS);
  const ended = new EndedRun(place);
  let lock: RunLock | undefined;
  let begins = false;
  const end = () => {
    if (begins) ended.giveBack();
    lock?.[Symbol.dispose]();
  };
  let subject: RunSubject | undefined;
  try {
    lock = RunLock.take(option, place);
    const folder = new DiskCheckpoints(place);
    await folder.sweep();
    if (resume === undefined) {
      await requireEnded(folder, option, out);
      writeRunFile(out, { model, options, table }, () => {
        ended.putAside();
        begins = true;
      });
    } else {
      subject = await requireSame(folder, request);
      changeRunFile(out, { workers, sharding, checkpointEvery, keep });
    }
  } catch (error) {
    end();
    throw refusalOf(option, error);
  }
  return {
    checkpoints: { place, keep, every: checkpointEvery, resume: subject !== undefined, subject },
    begins: (tuned) => changeRunFile(out, { tuning: tuned }),
    stays: () => {
      begins = false;
      ended.forget();
    },
    [Symbol.dispose]: end,
  };
}

/** What a person is told where checkpoints cannot be kept or gone on from. */
function refusalOf(option: string, error: unknown): unknown {
  if (error instanceof RunCheckpointError) return new UsageError(`${option}: ${error.message}`);
  // Of the file system.
  return error instanceof Error && 'syscall' in error
    ? new UsageError(`${option}: no checkpoints can be kept there: ${reasonOf(error)}`)
    : error;
}

const newestIn = async (folder: DiskCheckpoints) =>
  (await new CheckpointKeeper(folder, { engine: '' }).newest())?.checkpoint;

/** Throws UsageError where the run in the folder has not ended. */
async function requireEnded(folder: DiskCheckpoints, option: string, out: string): Promise<void> {
  const last = await newestIn(folder);
  if (last && last.state.step < last.steps)
    throw new UsageError(
      `${option}: holds a run that was cut short after step ${last.state.step} of ${last.steps}: go on with --resume ${out}, or give another folder`,
    );
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
