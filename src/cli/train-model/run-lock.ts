import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../exit.ts';
import { removeMade } from '../files.ts';

const NAME = 'lock';
/** In the lock, which is a folder. */
const HOLDER = 'holder';
/** Others may take a lock that a dead process left in the same moment. */
const TRIES = 5;

/**
 * One run, one writer: a folder that names the process that writes into the one around it. A process
 * that is dead holds nothing. Freed when it is disposed. A folder, since every file system renames
 * one whole, and over none that has something in it; exFAT and some that are shared know no hard
 * links, by which a file could do the same.
 */
export class RunLock implements Disposable {
  readonly #folder: string;
  /** The topmost folder that was not there. */
  readonly #made: string | undefined;

  private constructor(folder: string, made: string | undefined) {
    this.#folder = folder;
    this.#made = made;
  }

  /**
   * Takes the folder, which is made. Throws UsageError, told of `option`, where another has it, and
   * what the file system throws.
   */
  static take(option: string, folder: string): RunLock {
    const made = mkdirSync(folder, { recursive: true });
    const path = join(folder, NAME);
    const own = `${path}.${process.pid}.part`;
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        if (isPut(own, path)) return new RunLock(folder, made);
        const holder = holderOf(path);
        if (holder !== undefined && isAlive(holder))
          throw new UsageError(
            `${option}: process ${pidOf(holder)} writes its checkpoints there: wait for its end, or give another folder`,
          );
        if (holder !== undefined) remove(path, holder);
      }
      throw new UsageError(`${option}: others take the folder at this moment: try again`);
    } catch (error) {
      rmSync(own, { recursive: true, force: true });
      removeMade(folder, made);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    remove(join(this.#folder, NAME), ownWords());
    removeMade(this.#folder, this.#made);
  }
}

const ownWords = (): string => `${process.pid} ${startOf(process.pid)}`;

/** What says that a lock is there, or that another process has removed what this one had made. */
const OTHERS = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'ENOENT'];

/** Makes a lock of this process as `own`, and gives it the name `path` unless that is taken. */
function isPut(own: string, path: string): boolean {
  try {
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, HOLDER), ownWords());
    renameSync(own, path);
    return true;
  } catch (error) {
    if (OTHERS.includes((error as NodeJS.ErrnoException).code ?? '') || existsSync(path))
      return false;
    throw error;
  }
}

/** What a lock says of its process; undefined where it is gone. */
function holderOf(path: string): string | undefined {
  // Builds of before 2026-12-02 made a file.
  for (const file of [join(path, HOLDER), path])
    try {
      return readFileSync(file, 'utf8');
    } catch {}
  return undefined;
}

/** Takes the lock of a holder away, and gives it back where it is another's by now. */
function remove(path: string, holder: string): void {
  const gone = `${path}.${process.pid}.gone.part`;
  try {
    renameSync(path, gone);
    if (holderOf(gone) !== holder) renameSync(gone, path);
  } catch {} // another was faster
  rmSync(gone, { recursive: true, force: true });
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
