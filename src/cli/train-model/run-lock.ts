import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../exit.ts';

const NAME = 'lock';
/** Others may take a lock that a dead process left in the same moment. */
const TRIES = 5;

/**
 * One run, one writer: a file that names the process that writes into a folder. A process that is
 * dead holds nothing. Freed when it is disposed.
 */
export class RunLock implements Disposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Takes the folder, which is made. Throws UsageError, told of `option`, where another has it. */
  static take(option: string, folder: string): RunLock {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, NAME);
    const own = `${path}.${process.pid}.part`;
    writeFileSync(own, `${process.pid} ${startOf(process.pid)}`);
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        if (linked(own, path)) return new RunLock(path);
        const holder = holderOf(path);
        if (holder !== undefined && isAlive(holder))
          throw new UsageError(
            `${option}: process ${pidOf(holder)} writes its checkpoints there: wait for its end, or give another folder`,
          );
        if (holder !== undefined) removeStale(path, holder);
      }
      throw new UsageError(`${option}: others take the folder at this moment: try again`);
    } finally {
      rmSync(own, { force: true });
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}

/** Gives a file a second name, which is there whole or not at all; false where the name is taken. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** What a lock says of its process; undefined where it is gone. */
function holderOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Takes a lock of a dead process away, and gives it back where it is another's by now. */
function removeStale(path: string, holder: string): void {
  const stale = `${path}.${process.pid}.stale.part`;
  try {
    renameSync(path, stale);
  } catch {
    return; // another was faster
  }
  if (holderOf(stale) !== holder) linked(stale, path);
  rmSync(stale, { force: true });
}

const pidOf = (holder: string): number => Number(holder.split(' ')[0]);

/** Whether the process lives that took a lock; its number may be another's by now. */
function isAlive(holder: string): boolean {
  const pid = pidOf(holder);
  if (!Number.isInteger(pid) || pid < 1 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return holder === `${pid} ${startOf(pid)}`;
}

/**
 * When a process began, in ticks since the system did; empty where the system does not tell, and of
 * one that has ended and whose parent has not asked for its status.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}
