import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readReport } from '../harness/report/read.ts';
import type { Report } from '../harness/report/schema.ts';
import { UsageError } from './exit.ts';

/** Reads a file that a person named; `what` says where. Throws {@link UsageError} that says why not. */
export function readInput(what: string, path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(`${what} ${path}: cannot be read: ${reasonOf(error)}`);
  }
}

/** Reads and checks a report. Throws {@link UsageError} or ReportError. */
export function readReportFile(path: string): Report {
  return readReport(readInput('report', path), path);
}

/** Checks before a long run that `path` can be written; `-` always can. Throws {@link UsageError}. */
export function checkWritable(option: string, path: string): void {
  if (path === '-') return;
  try {
    const folder = dirname(resolve(path));
    accessSync(folder, constants.W_OK);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`${option} ${path}: is a folder, not a file`);
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${option} ${path}: cannot be written: ${reasonOf(error)}`);
  }
}

/** Makes a folder for output, with those above it. Throws {@link UsageError}. */
export function makeFolder(option: string, path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${option} ${path}: cannot be made: ${reasonOf(error)}`);
  }
}

/**
 * Writes to stdout for `-`; else under another name in the same folder, then renames, so that nobody sees half a file.
 * Throws {@link UsageError}.
 */
export function writeOutput(option: string, path: string, data: string | Uint8Array): void {
  if (path === '-') {
    process.stdout.write(data);
    return;
  }
  const unfinished = `${path}.${process.pid}.part`;
  try {
    writeFileSync(unfinished, data, { flush: true });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new UsageError(`${option} ${path}: cannot be written: ${reasonOf(error)}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'a file is in the way',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return REASONS[code] ?? code;
}
