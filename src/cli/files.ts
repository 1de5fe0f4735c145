import {
  accessSync,
  appendFileSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { devNull } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { pack, readPacked } from '../report/packed.ts';
import type { Report } from '../report/schema.ts';
import { UsageError, UsageFaults } from './exit.ts';

/**
 * Reads a file that a person named; `what` says where. Throws {@link UsageError} that says why not.
 */
export function readInput(what: string, path: string): Uint8Array<ArrayBuffer> {
  try {
    return contentOf(path);
  } catch (error) {
    throw new UsageError(`${what} ${path}: ${messageOf(error)}`);
  }
}

/** The same where the message is put behind the name of the file elsewhere. */
export function contentOf(path: string): Uint8Array<ArrayBuffer> {
  try {
    // A device may never end, as /dev/zero; a pipe may be read.
    if (isDevice(path)) throw new UsageError('cannot be read: is a device, not a file');
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`cannot be read: ${reasonOf(error)}`);
  }
}

/**
 * Reads and checks a report, packed or not; messages name the option that it was given by, if there
 * is one. Throws {@link UsageError} or ReportError.
 */
export async function readReportFile(path: string, option?: string): Promise<Report> {
  const name = option === undefined ? path : `${option} ${path}`;
  return readPacked(readInput(option ?? 'report', path), name);
}

/**
 * Checks before a long run that `path` can be written; `-` always can. Throws {@link UsageError}.
 */
export function checkWritable(option: string, path: string): void {
  if (path === '-') return;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new UsageError(`${option} ${path}: is a folder, not a file`);
    accessSync(there && !there.isFile() ? path : dirname(targetOf(path)), constants.W_OK);
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${option} ${path}: cannot be written: ${reasonOf(error)}`);
  }
}

/** Files that are read, by what names them; folders and what is not here are left alone. */
export type Inputs = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Checks before a long run that every path can be written, that no two options, such as
 * `--report`, name one file, which the later would overwrite, and that none names a file of `inputs`.
 * Throws {@link UsageError}.
 */
export function checkOutputs(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: Inputs = {},
): void {
  const taken = new Map<string, string>();
  const read = Object.entries(inputs).flatMap(([option, paths = []]) =>
    [paths].flat().flatMap((path) => (isFile(path) ? { option, at: realpathSync(path) } : [])),
  );
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    checkWritable(option, path);
    const target = path === '-' ? path : placeOf(path);
    const other = taken.get(target);
    if (other !== undefined && target !== devNull)
      throw new UsageError(`${other} and ${option} ${path}: are one file: name two`);
    taken.set(target, option);
    const input = read.find(({ at }) => at === target);
    if (input)
      throw new UsageError(
        `${option} ${path}: would overwrite what ${input.option} reads: name another file`,
      );
  }
}

/**
 * Checks likewise that a folder for output has no file of `inputs` by one of the names that are
 * written there. Throws {@link UsageError}.
 */
export function checkFolder(
  option: string,
  { path, names }: { readonly path: string; readonly names: readonly string[] },
  inputs: Inputs,
): void {
  for (const file of names.map((name) => join(path, name)))
    if (isFile(file)) checkOutputs({ [option]: file }, inputs);
}

/**
 * Makes a folder for output, with those above it, and returns the topmost that was not there. Throws
 * {@link UsageError}.
 */
export function makeFolder(option: string, path: string): string | undefined {
  try {
    const made = mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return made;
  } catch (error) {
    throw new UsageError(`${option} ${path}: cannot be made: ${reasonOf(error)}`);
  }
}

/**
 * Removes a folder and those above it up to `topmost`, as {@link makeFolder} gives that, as long as
 * they are empty; nothing where that made none.
 */
export function removeMade(path: string, topmost: string | undefined): void {
  if (topmost === undefined) return;
  const end = dirname(resolve(topmost));
  for (let folder = resolve(path); folder !== end; folder = dirname(folder))
    try {
      rmdirSync(folder);
    } catch {
      return; // it has something by now, or is gone
    }
}

/** Whether two paths lead to one folder or file that is there, however they are spelt. */
export function isSamePlace(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) =>
    statSync(resolve(path), { bigint: true, throwIfNoEntry: false }),
  );
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

/**
 * Writes to stdout for `-` and into a device or pipe, such as /dev/null, as it is; else under
 * another name in the same folder, then renames, so that no program sees half a file. Throws
 * {@link UsageError}.
 */
export function writeOutput(option: string, path: string, data: string | Uint8Array): void {
  if (path === '-') {
    process.stdout.write(data);
    return;
  }
  const target = targetOf(path);
  const unfinished = `${target}.${process.pid}.part`;
  try {
    const there = statSync(target, { throwIfNoEntry: false });
    if (there && !there.isFile()) {
      writeFileSync(target, data);
      return;
    }
    writeFileSync(unfinished, data, { flush: true });
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new UsageError(`${option} ${path}: cannot be written: ${reasonOf(error)}`);
  }
}

/** Adds a text to a file, all of it or nothing. Throws {@link UsageError}. */
export function appendOutput(option: string, path: string, text: string): void {
  const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  try {
    appendFileSync(path, text);
  } catch (error) {
    if (isFile(path)) truncateSync(path, before);
    throw new UsageError(`${option} ${path}: cannot be written: ${reasonOf(error)}`);
  }
}

/** What was asked for: by which option, where it goes, and what makes it. */
export interface Output {
  readonly option: string;
  /** Nothing is written without one. */
  readonly path: string | undefined;
  readonly data: () => string | Uint8Array | Promise<string>;
}

/**
 * Writes each as {@link writeOutput} does, a text gzipped where its name ends in .gz. One that cannot
 * be made or written keeps no other from being so. Throws {@link UsageError} in the end, with a line
 * for each of these.
 */
export async function writeOutputs(outputs: readonly Output[]): Promise<void> {
  const faults: UsageError[] = [];
  for (const { option, path, data } of outputs) {
    if (!path) continue;
    try {
      const made = await data();
      const isPacked = typeof made === 'string' && /\.gz$/i.test(path);
      writeOutput(option, path, isPacked ? await pack(made) : made);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      faults.push(error);
    }
  }
  if (faults.length > 0) throw new UsageFaults(faults.map(({ message }) => message));
}

/** Where a file that can be written is or will be, however its folder is spelt. */
function placeOf(path: string): string {
  const target = targetOf(path);
  return join(realpathSync(dirname(target)), basename(target));
}

/** The file that a path leads to: a link stays, and what it points to is written. */
function targetOf(path: string): string {
  return isFile(path) ? realpathSync(path) : resolve(path);
}

/** Devices and pipes hold nothing to lose. */
const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function isDevice(path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && (there.isCharacterDevice() || there.isBlockDevice());
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'a file is in the way',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'it is larger than a file may be there',
  ERR_FS_FILE_TOO_LARGE:
    'is larger than 2 GiB, the most that is read of a file: give what it holds in several',
  EROFS: 'the file system is read-only',
};

/** Why a file or folder cannot be read or written, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return REASONS[code] ?? code;
}
