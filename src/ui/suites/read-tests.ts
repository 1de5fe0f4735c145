import { isPacked, readPacked } from '../../report/packed.ts';
import type { Report } from '../../report/schema.ts';
import { bytesOf, startOf } from '../controls/file-bytes.ts';
import { testsWords } from './tests.en.ts';

/**
 * Whether a file of a report, packed or not, begins as one of kind `test` does. Throws, with a line
 * for people, where it cannot be read.
 */
export async function isOfTests(file: File): Promise<boolean> {
  const start = await startOf(file);
  return /"kind":\s*"test"/.test(isPacked(start) ? await unpackedStart(file) : textOf(start));
}

/** Reads a report of kind `test`. Throws, with a line for people, where the file is none. */
export async function readTests(file: File): Promise<Report> {
  const report = await readPacked(await bytesOf(file, 'report'), file.name);
  if (report.kind !== 'test') throw new Error(testsWords().notTests(file.name));
  return report;
}

/** Reads a report of any other kind. Throws, with a line for people, where the file is none. */
export async function readRun(file: File): Promise<Report> {
  const report = await readPacked(await bytesOf(file, 'report'), file.name);
  if (report.kind === 'test') throw new Error(testsWords().areTests(file.name));
  return report;
}

/** What the first portion unpacks to; nothing where it does not. */
async function unpackedStart(file: File): Promise<string> {
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    return textOf((await reader.read()).value ?? new Uint8Array());
  } catch {
    return ''; // who reads all of it says what is wrong
  } finally {
    reader.cancel().catch(() => {});
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 1000));
}
